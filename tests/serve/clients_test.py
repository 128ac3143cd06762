#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real clients of Python, unpatched, against the server: what they give back are the vectors of the library. A client that
is not installed is named and left out; script/python-env --clients installs them (requirements.txt). Runs itself again in
.venv-clients when that is there."""
import os
import pathlib
import sys

from support import ROOT, SKIP, TINY, Server, library_vectors, skip

own = ROOT / ".venv-clients/bin/python"
if own.exists() and pathlib.Path(sys.prefix) != own.parent.parent and "ISOGLOSS_CLIENTS" not in os.environ:
    os.execve(own, [str(own), *sys.argv], {**os.environ, "ISOGLOSS_CLIENTS": "1"})

for name in ("OPENAI_API_KEY", "CO_API_KEY", "VOYAGE_API_KEY"):
    os.environ.setdefault(name, "none")
os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", HAYSTACK_TELEMETRY_ENABLED="False", ANONYMIZED_TELEMETRY="False")

server = Server("-m", TINY / "bert", "-m", TINY / "cross_bert", "--alias", "text-embedding-ada-002=bert",
                "--alias", "text-embedding-3-small=bert", "--allow-truncate-dim")
V1 = server.address + "/v1"
TEXTS = ["The cat sat on the mat.", "A stone.", "Dogs chase cats."]
WANT = library_vectors(TINY / "bert", TEXTS)
MANY = [f"text {i}" for i in range(2048)]


def same(got, want=None):
    got, want = [list(map(float, row)) for row in got], want or WANT
    assert len(got) == len(want), (len(got), len(want))
    for a, b in zip(got, want):
        assert len(a) == len(b) and max(abs(x - y) for x, y in zip(a, b)) < 1e-6, (a[:3], b[:3])


def cut(row, n):
    length = sum(x * x for x in row[:n]) ** 0.5
    return [x / length for x in row[:n]]


def client_openai():
    import openai
    client = openai.OpenAI(base_url=V1, api_key="none", max_retries=0)
    make = client.embeddings.create
    same([one.embedding for one in make(model="bert", input=TEXTS).data])  # base64 underneath
    same([one.embedding for one in make(model="bert", input=TEXTS, encoding_format="float").data])
    same([make(model="bert", input=TEXTS[0]).data[0].embedding], WANT[:1])
    same([make(model="bert", input=TEXTS[0], dimensions=8).data[0].embedding], [cut(WANT[0], 8)])
    reply = make(model="bert", input=MANY)
    assert len(reply.data) == 2048 and reply.usage.total_tokens > 2048
    for bad in ("", [], [1, 2, 3], ["a", ""]):
        try:
            make(model="bert", input=bad)
            raise AssertionError(f"{bad!r} was taken")
        except openai.BadRequestError as error:
            assert error.body["message"]
    try:
        make(model="other", input="a")
        raise AssertionError("an unknown model was taken")
    except openai.NotFoundError as error:
        assert "bert" in str(error)
    assert [one.id for one in client.models.list()] == ["bert", "cross_bert"] and client.models.retrieve("bert").id == "bert"
    import asyncio
    answer = asyncio.run(openai.AsyncOpenAI(base_url=V1, api_key="none").embeddings.create(model="bert", input=TEXTS))
    same([one.embedding for one in answer.data])


def client_openai_chat():
    import openai
    client = openai.OpenAI(base_url=V1, api_key="none", max_retries=0)
    texts = {file.name: file.read_text() for file in (ROOT / "tests/docs/fixture/handbook").glob("*.md")}
    server.post("/v1/collections", {"name": "docs"})
    server.post("/v1/collections/docs/upsert", {"documents": [{"id": name, "text": text} for name, text in texts.items()]})
    ask = [{"role": "user", "content": "What is the refund period?"}]
    said, references = "", []
    for chunk in client.chat.completions.create(model="rag:docs", messages=ask, stream=True, stream_options={"include_usage": True}):
        said += chunk.choices[0].delta.content or "" if chunk.choices else ""
        references += getattr(chunk, "references", None) or []
    assert "days" in said and "[1]" in said and references, said
    for one in references:
        source = one["source"]
        assert texts[source["path"]].encode()[source["start"]:source["end"]].decode() == one["text"]
    whole = client.chat.completions.create(model="rag:docs", messages=ask).choices[0].message.content
    assert whole == said and client.responses.create(model="rag:docs", input=ask[0]["content"]).output_text == said
    with client.responses.stream(model="rag:docs", input=ask[0]["content"]) as stream:
        deltas = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert deltas == stream.get_final_response().output_text == said
    unknown = client.chat.completions.create(model="rag:docs", messages=[{"role": "user", "content": "Who painted the moon landing?"}])
    assert unknown.choices[0].message.content == "not found in your documents"
    import cohere
    import ollama
    assert cohere.ClientV2(api_key="none", base_url=server.address).chat(model="rag:docs", messages=ask).message.content[0].text == said
    events = cohere.ClientV2(api_key="none", base_url=server.address).chat_stream(model="rag:docs", messages=ask)
    assert "".join(one.delta.message.content.text for one in events if one.type == "content-delta") == said
    local = ollama.Client(host=server.address)
    assert local.chat(model="rag:docs", messages=ask).message.content == said
    assert "".join(one.message.content for one in local.chat(model="rag:docs", messages=ask, stream=True)) == said


def client_openai_vector_stores():
    import openai
    client = openai.OpenAI(base_url=V1, api_key="none", max_retries=0)
    folder = ROOT / "tests/docs/fixture/handbook"
    store = client.vector_stores.create(name="handbook")
    with open(folder / "refunds.md", "rb") as file:
        done = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=file)
    assert done.status == "completed"
    with open(folder / "shipping.md", "rb") as file:
        batch = client.vector_stores.file_batches.upload_and_poll(vector_store_id=store.id, files=[file])
    assert batch.status == "completed" and batch.file_counts.completed == 1
    found = client.vector_stores.search(store.id, query="refund period", filters={"type": "eq", "key": "lang", "value": "en"}).data
    assert "refunds.md" in [one.filename for one in found] and any("refund" in one.content[0].text for one in found)
    assert client.vector_stores.retrieve(store.id).file_counts.total == 2 and len(list(client.vector_stores.files.list(store.id))) == 2
    assert client.vector_stores.delete(store.id).deleted and len(list(client.files.list())) == 2


def client_azure():
    import openai
    client = openai.AzureOpenAI(api_key="none", api_version="2024-02-01", azure_endpoint=server.address)
    same([one.embedding for one in client.embeddings.create(model="text-embedding-ada-002", input=TEXTS).data])


def client_cohere():
    import cohere
    client = cohere.ClientV2(api_key="none", base_url=server.address)
    made = client.embed(texts=TEXTS, model="bert", input_type="search_document", embedding_types=["float", "int8", "ubinary"])
    same(made.embeddings.float_)
    assert len(made.embeddings.int8[0]) == 32 and len(made.embeddings.ubinary[0]) == 4
    many = client.embed(texts=MANY, model="bert", input_type="search_query", embedding_types=["float"])
    assert len(many.embeddings.float_) == 2048
    ranked = client.rerank(model="cross_bert", query="cat", documents=TEXTS, top_n=2)
    assert len(ranked.results) == 2 and ranked.results[0].relevance_score >= ranked.results[1].relevance_score
    old = cohere.Client(api_key="none", base_url=server.address)
    same(old.embed(texts=TEXTS, model="bert", input_type="search_document").embeddings)
    assert len(old.rerank(model="cross_bert", query="cat", documents=TEXTS).results) == 3
    try:
        client.embed(texts=["word " * 400], model="bert", input_type="search_document", embedding_types=["float"], truncate="NONE")
        raise AssertionError("a text above the window was taken")
    except cohere.errors.BadRequestError as error:
        assert "48" in str(error.body)


def client_ollama():
    import ollama
    client = ollama.Client(host=server.address)
    same(client.embed(model="bert", input=TEXTS).embeddings)
    same(client.embed(model="bert", input=TEXTS[0], dimensions=8).embeddings, [cut(WANT[0], 8)])
    same([client.embeddings(model="bert", prompt=TEXTS[0]).embedding], WANT[:1])
    assert [one.model for one in client.list().models] == ["bert", "cross_bert"] and len(client.ps().models) == 2
    assert "bert" in str(client.show("bert").modelinfo) or client.show("bert").capabilities == ["embedding"]
    try:
        client.embed(model="other", input="a")
        raise AssertionError("an unknown model was taken")
    except ollama.ResponseError as error:
        assert error.status_code == 404 and "bert" in error.error


def client_voyageai():
    import voyageai
    client = voyageai.Client(api_key="none", base_url=V1) if "base_url" in voyageai.Client.__init__.__code__.co_varnames else None
    if client is None:
        voyageai.api_base = V1
        client = voyageai.Client(api_key="none")
    same(client.embed(TEXTS, model="bert", input_type="document").embeddings)
    ranked = client.rerank("cat", TEXTS, model="cross_bert", top_k=2)
    assert len(ranked.results) == 2 and ranked.results[0].document in TEXTS


def client_huggingface_hub():
    import huggingface_hub
    client = huggingface_hub.InferenceClient(server.address)
    same([client.feature_extraction(text)[0] for text in TEXTS])
    cosines = client.sentence_similarity(TEXTS[0], other_sentences=TEXTS)
    assert abs(cosines[0] - 1) < 1e-5 and len(cosines) == 3


def client_langchain_openai():
    import langchain_openai
    made = langchain_openai.OpenAIEmbeddings(model="bert", base_url=V1, api_key="none", check_embedding_ctx_length=False)
    same(made.embed_documents(TEXTS))
    same([made.embed_query(TEXTS[0])], WANT[:1])
    assert len(made.embed_documents(MANY)) == 2048


def client_langchain_ollama():
    import langchain_ollama
    made = langchain_ollama.OllamaEmbeddings(model="bert", base_url=server.address)
    same(made.embed_documents(TEXTS))


def client_litellm():
    import litellm
    litellm.suppress_debug_info = True
    same([one["embedding"] for one in litellm.embedding("openai/bert", input=TEXTS, api_base=V1, api_key="none").data])
    same([one["embedding"] for one in litellm.embedding("ollama/bert", input=TEXTS, api_base=server.address).data])
    same([one["embedding"] for one in litellm.embedding("infinity/bert", input=TEXTS, api_base=server.address, api_key="none").data])
    for model, base in (("cohere/cross_bert", server.address + "/v2/rerank"), ("infinity/cross_bert", server.address),
                        ("jina_ai/cross_bert", V1 + "/rerank")):
        # infinity repeats documents as texts, vLLM and Jina as objects, at the same path with the same body: objects here
        reply = litellm.rerank(model=model, query="cat", documents=TEXTS, top_n=2, api_base=base, api_key="none",
                               return_documents=not model.startswith("infinity"))
        assert len(reply.results) == 2, model


def client_llama_index():
    from llama_index.embeddings.openai_like import OpenAILikeEmbedding
    made = OpenAILikeEmbedding(model_name="bert", api_base=V1, api_key="none")
    same(made.get_text_embedding_batch(TEXTS))
    from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference
    made = TextEmbeddingsInference(model_name="bert", base_url=server.address, text_instruction=" ", query_instruction=" ")
    same(made.get_text_embedding_batch(TEXTS))


def client_haystack():
    from haystack import Document
    from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
    text = OpenAITextEmbedder(model="bert", api_base_url=V1)
    same([text.run(text=TEXTS[0])["embedding"]], WANT[:1])
    documents = OpenAIDocumentEmbedder(model="bert", api_base_url=V1, progress_bar=False)
    same([one.embedding for one in documents.run([Document(content=text) for text in TEXTS])["documents"]])


def client_chromadb():
    from chromadb.utils import embedding_functions
    same(embedding_functions.OpenAIEmbeddingFunction(api_key="none", api_base=V1, model_name="bert")(TEXTS))
    same(embedding_functions.OllamaEmbeddingFunction(url=server.address, model_name="bert")(TEXTS))
    same(embedding_functions.HuggingFaceEmbeddingServer(url=server.address + "/embed")(TEXTS))


failed, run = 0, 0
for name, function in [(n, f) for n, f in globals().items() if n.startswith("client_")]:
    try:
        function()
        run += 1
        print("good   ", name[7:])
    except ModuleNotFoundError as error:
        print("skipped", name[7:], "-", error)
    except Exception as error:  # every client is tried
        failed += 1
        print("FAILED ", name[7:], type(error).__name__, str(error)[:1500])
assert server.stop() == 0
if run + failed == 0:
    skip("no client is installed; run: script/python-env --clients")
sys.exit(1 if failed else 0)
