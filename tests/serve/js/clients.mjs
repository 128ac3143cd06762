// SPDX-License-Identifier: Apache-2.0
// The real clients of JavaScript, unpatched, against the server at argv[2]. argv[3] is a JSON file: {texts, vectors} of the library.
// Prints a line a client; exit status 1 when one fails. Run by js_test.py.
import assert from "node:assert";
import { readFileSync } from "node:fs";

const [address, file] = process.argv.slice(2);
const { texts, vectors } = JSON.parse(readFileSync(file, "utf8"));
const v1 = address + "/v1";
const many = Array.from({ length: 2048 }, (_, i) => `text ${i}`);
const question = [{ role: "user", content: "What is the refund period?" }];

function same(got, want = vectors) {
  assert.strictEqual(got.length, want.length);
  got.forEach((row, i) => {
    assert.strictEqual(row.length, want[i].length);
    row.forEach((x, k) => assert.ok(Math.abs(x - want[i][k]) < 1e-6, `${x} is not ${want[i][k]}`));
  });
}

const clients = {
  async openai() {
    const { default: OpenAI, AzureOpenAI } = await import("openai");
    const client = new OpenAI({ baseURL: v1, apiKey: "none", maxRetries: 0 });
    const make = (body) => client.embeddings.create({ model: "bert", ...body });
    same((await make({ input: texts })).data.map((one) => one.embedding)); // base64 underneath
    same((await make({ input: texts, encoding_format: "float" })).data.map((one) => one.embedding));
    assert.strictEqual((await make({ input: many })).data.length, 2048);
    assert.strictEqual((await make({ input: "a", dimensions: 8 })).data[0].embedding.length, 8);
    await assert.rejects(make({ input: "" }), (error) => error.status === 400);
    await assert.rejects(make({ input: [1, 2] }), /check_embedding_ctx_length/);
    assert.strictEqual((await client.models.list()).data[0].id, "bert");
    let said = "", references = [];
    for await (const chunk of await client.chat.completions.create({ model: "rag:docs", messages: question, stream: true })) {
      said += chunk.choices[0]?.delta?.content ?? "";
      references = references.concat(chunk.references ?? []);
    }
    assert.match(said, /days.*\[1\]/);
    assert.ok(references.length > 0);
    const azure = new AzureOpenAI({ apiKey: "none", apiVersion: "2024-02-01", endpoint: address, deployment: "bert" });
    same((await azure.embeddings.create({ model: "bert", input: texts })).data.map((one) => one.embedding));
  },
  async langchain() {
    const { OpenAIEmbeddings, ChatOpenAI } = await import("@langchain/openai");
    const made = new OpenAIEmbeddings({ model: "bert", apiKey: "none", configuration: { baseURL: v1 } });
    same(await made.embedDocuments(texts));
    same([await made.embedQuery(texts[0])], vectors.slice(0, 1));
    const chat = new ChatOpenAI({ model: "rag:docs", apiKey: "none", configuration: { baseURL: v1 } });
    assert.match((await chat.invoke("What is the refund period?")).content, /days.*\[1\]/);
  },
  async ollama() {
    const { Ollama } = await import("ollama");
    const client = new Ollama({ host: address });
    same((await client.embed({ model: "bert", input: texts })).embeddings);
    same([(await client.embeddings({ model: "bert", prompt: texts[0] })).embedding], vectors.slice(0, 1));
    assert.strictEqual((await client.list()).models[0].name, "bert");
    let said = "";
    for await (const part of await client.chat({ model: "rag:docs", messages: question, stream: true })) said += part.message.content;
    assert.match(said, /days.*\[1\]/);
    await assert.rejects(client.embed({ model: "other", input: "a" }), /bert/);
  },
  async "cohere-ai"() {
    const { CohereClient, CohereClientV2 } = await import("cohere-ai");
    const settings = { token: "none", environment: address, baseUrl: address };
    const client = new CohereClientV2(settings);
    const made = await client.embed({ model: "bert", texts, inputType: "search_document", embeddingTypes: ["float"] });
    same(made.embeddings.float);
    const ranked = await client.rerank({ model: "cross_bert", query: "cat", documents: texts, topN: 2 });
    assert.strictEqual(ranked.results.length, 2);
    assert.strictEqual((await new CohereClient(settings).rerank({ model: "cross_bert", query: "cat", documents: texts })).results.length, 3);
    let said = "";
    for await (const event of await client.chatStream({ model: "rag:docs", messages: question })) {
      if (event.type === "content-delta") said += event.delta.message.content.text;
    }
    assert.match(said, /days.*\[1\]/);
  },
  async "@huggingface/inference"() {
    const { InferenceClient } = await import("@huggingface/inference");
    const client = new InferenceClient("none", { endpointUrl: address });
    same(await client.featureExtraction({ inputs: texts }));
  },
};

let failed = 0;
for (const [name, run] of Object.entries(clients)) {
  try {
    await run();
    console.log("good   ", name);
  } catch (error) {
    if (error.code === "ERR_MODULE_NOT_FOUND") {
      console.log("skipped", name, "-", error.message.split("\n")[0]);
    } else {
      failed += 1;
      console.log("FAILED ", name, String(error.stack).slice(0, 1500));
    }
  }
}
process.exit(failed ? 1 : 0);
