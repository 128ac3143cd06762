// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/test_support.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "isogloss/evaluate.hpp"

namespace isogloss {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Words on a plane; a text is the mean of its words.
class TextTasks : public testing::Test {
 protected:
  TextTasks() { write("m.vec", "6 2\nking 1 0 \nman 1 0.1 \nqueen 0 1 \nwoman 0.1 1 \npear 1 1 \nplum 0.9 1 \n"); }
  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.path() / name) << text;
    return (folder_.path() / name).string();
  }
  Result<std::vector<EvalFigure>> run(const std::string& task, const EvalOptions& options = {}) {
    Context context;
    return evaluate((folder_.path() / "m.vec").string(), task, options, context);
  }
  double figure(const std::vector<EvalFigure>& figures, std::string_view metric) {
    for (const EvalFigure& f : figures) {
      if (f.metric == metric) return f.value;
    }
    ADD_FAILURE() << "no figure " << metric;
    return 0;
  }
  TemporaryFolder folder_;
};

// Cosines .995, .707, .100; one pair was never scored.
TEST_F(TextTasks, SimilarityReadsPairsInEveryLayout) {
  const std::string rows = "5\tking\tman\n3\tking\tplum\n1\tking\tqueen\n\tking\tpear\n";
  const auto found = run("sts:" + write("a.tsv", rows)).value();
  EXPECT_EQ(found[0].metric, "spearman");
  EXPECT_DOUBLE_EQ(found[0].value, 1);
  EXPECT_EQ(found[0].n, 3u);
  EXPECT_EQ(found[0].of, 4u);
  EXPECT_EQ(found[0].record.at("family"), "word2vec");
  EXPECT_EQ(found[0].record.at("data").size(), 16u);
  EXPECT_DOUBLE_EQ(figure(run("sts:" + write("a.csv", "king,man,5\nking,plum,3\nking,queen,1\n")).value(), "spearman"),
                   1);
  EXPECT_DOUBLE_EQ(figure(run("sts:" + write("b.txt",
                                             "id\tsentence_A\tsentence_B\trelatedness_"
                                             "score\n1\tking\tman\t1\n2\tking\tplum\t3\n3\tking\tqueen\t5\n"))
                              .value(),
                          "spearman"),
                   -1);
  EXPECT_DOUBLE_EQ(figure(run("sts:" + write("c.jsonl",
                                             "{\"text1\":\"king\",\"text2\":\"man\",\"score\":5}\n{\"text2\":\"queen\","
                                             "\"text1\":\"king\",\"score\":1}\n"))
                              .value(),
                          "spearman"),
                   1);
}

TEST_F(TextTasks, AFolderIsTheTablesOfItsSplit) {
  write("years/x.test.tsv", "5\tking\tman\n");
  write("years/y.test.tsv", "1\tking\tqueen\n3\t\"king\tplum\n");
  write("years/y.train.tsv", "nothing to read\n");
  const std::string folder = (folder_.path() / "years").string();
  EXPECT_DOUBLE_EQ(figure(run("sts:" + folder).value(), "spearman"), 1);
  EvalOptions options;
  options.split = "dev";
  EXPECT_THAT(run("sts:" + folder, options).error().message, HasSubstr("split 'dev'"));
  EXPECT_EQ(run("sts:" + folder + "/x.test.tsv+" + folder + "/y.test.tsv").value()[0].of, 3u);
}

TEST_F(TextTasks, PairsThatAreNoneAreNamed) {
  EXPECT_THAT(run("sts:" + write("a.tsv", "king\tman\n")).error().message, HasSubstr("sentence1, sentence2, score"));
  EXPECT_THAT(run("sts:" + write("b.tsv", "")).error().message, HasSubstr("no pair"));
  EXPECT_THAT(run("sts:" + write("c.tsv", "score\ts1\ts2\nhigh\tking\tman\n")).error().message,
              HasSubstr("'high' is no number"));
  EXPECT_THAT(run("sts:" + write("d.tsv", "score\ts1\ts2\n1\tking\n")).error().message, HasSubstr("text is missing"));
  EXPECT_EQ(run("sts:none.tsv").error().code, Code::not_found);
}

// By cosine: same, other, same: precision (1 + 2/3) / 2. Cuts: after 1 the F1 is 2/3, the cut after 3 is not tried.
TEST_F(TextTasks, PairClassificationScansTheCutsAsMteb) {
  const auto found = run("pair:" + write("p.tsv", "1\tking\tman\n0\tking\tplum\n1\tking\tqueen\n")).value();
  EXPECT_DOUBLE_EQ(figure(found, "cosine_ap"), 5.0 / 6);
  EXPECT_DOUBLE_EQ(figure(found, "max_f1"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(figure(found, "max_accuracy"), 2.0 / 3);
  EXPECT_THAT(run("pair:" + write("q.tsv", "1\tking\tman\n")).error().message, HasSubstr("one label only"));
  EXPECT_THAT(run("pair:" + write("r.tsv", "3\tking\tman\n")).error().message, HasSubstr("takes 0 and 1"));
}

// king -> king, man -> king: king was answered twice, so its precision is 1/2.
TEST_F(TextTasks, BitextCountsWrongAnswersAgainstTheRightOne) {
  write("t.de-en.de", "king\nman\nqueen\n");
  write("t.de-en.en", "king\nplum\nqueen\n");
  const auto found = run("bitext:" + (folder_.path() / "t.de-en").string()).value();
  EXPECT_NEAR(figure(found, "f1"), (2.0 / 3 + 0 + 1) / 3, 1e-12);
  EXPECT_NEAR(figure(found, "accuracy"), 2.0 / 3, 1e-12);
  write("t.de-en.en", "king\n");
  EXPECT_THAT(run("bitext:" + (folder_.path() / "t.de-en").string()).error().message, HasSubstr("has 3 lines"));
  EXPECT_THAT(run("bitext:" + (folder_.path() / "u").string()).error().message, HasSubstr("stands for two files"));
}

// king: man (relevant) before plum; queen: woman, king (relevant): ranks 1 and 2.
TEST_F(TextTasks, RerankingTakesRowsOrLists) {
  const std::string rows =
      "query\tdocument\tlabel\nking\tman\t1\nking\tplum\t0\nqueen\twoman\t0\nqueen\tking\t1\nplum\tpear\t0\n";
  const auto found = run("rerank:" + write("r.tsv", rows)).value();
  EXPECT_DOUBLE_EQ(figure(found, "map"), 0.75);
  EXPECT_DOUBLE_EQ(figure(found, "mrr@10"), 0.75);
  EXPECT_EQ(found[0].n, 2u);
  EXPECT_EQ(found[0].of, 3u);
  const std::string lists =
      "{\"query\":\"king\",\"positive\":[\"man\"],\"negative\":[\"plum\"]}\n{\"query\":\"queen\",\"positive\":["
      "\"king\"],\"negative\":[\"woman\"]}\n";
  EXPECT_DOUBLE_EQ(figure(run("rerank:" + write("r.jsonl", lists)).value(), "map"), 0.75);
  EXPECT_THAT(run("rerank:" + write("s.tsv", "query\tdocument\tlabel\nking\tman\t1\n")).error().message,
              HasSubstr("both relevant and other"));
}

TEST_F(TextTasks, ClassificationTrainsOnOneFileAndAsksTheOther) {
  write("c/train.csv", "text,category\nking,royal\nman,royal\npear,fruit\nplum,fruit\n");
  write("c/test.csv", "text,category\nking,royal\nplum,fruit\n");
  const std::string folder = (folder_.path() / "c").string();
  const auto found = run("classify:" + folder).value();
  EXPECT_DOUBLE_EQ(figure(found, "accuracy"), 1);
  EXPECT_DOUBLE_EQ(figure(found, "ap"), 1);
  EvalOptions options;
  options.convention = "curve";
  EXPECT_DOUBLE_EQ(figure(run("classify:" + folder, options).value(), "accuracy@all"), 1);
  options.convention = "best";
  EXPECT_THAT(run("classify:" + folder, options).error().message, HasSubstr("mteb, full or curve"));
  write("c/test.csv", "text,category\nking,animal\n");
  EXPECT_THAT(run("classify:" + folder).error().message, HasSubstr("label 'animal'"));
  write("c/train.csv", "text,category\nking,royal\n");
  EXPECT_THAT(run("classify:" + folder).error().message, HasSubstr("label 'royal'"));
  EXPECT_DOUBLE_EQ(figure(run("classify:" + write("a.txt", "__label__x king\n__label__y queen\n") + "+" +
                              write("b.txt", "x man\ny woman\n"))
                              .value(),
                          "accuracy"),
                   1);
}

TEST_F(TextTasks, ClustersOfLabelsAreFound) {
  const auto found = run("cluster:" + write("k.tsv", "label\ttext\na\tking\na\tman\nb\tqueen\nb\twoman\n")).value();
  EXPECT_DOUBLE_EQ(figure(found, "v_measure"), 1);
  const std::string sets =
      "{\"sentences\":[\"king\",\"queen\"],\"labels\":[\"a\",\"b\"]}\n{\"sentences\":[\"king\",\"queen\"],\"labels\":["
      "1,1]}\n";
  EXPECT_DOUBLE_EQ(figure(run("cluster:" + write("k.jsonl", sets)).value(), "v_measure"), 1);
  EvalOptions options;
  options.convention = "mteb-v2";
  EXPECT_EQ(
      run("cluster:" + write("k.tsv", "label\ttext\na\tking\na\tman\nb\tqueen\nb\twoman\n"), options).value()[0].n, 4u);
}

TEST_F(TextTasks, AFittedModelIsFittedOnTheTextsOfTheTask) {
  Context context;
  const std::string pairs =
      write("a.tsv", "5\ta red ball\ta red ball\n3\ta red ball\ta blue ball\n1\ta red ball\tno toy\n");
  const auto found = evaluate("fit:tfidf", "sts:" + pairs, {}, context).value();
  EXPECT_DOUBLE_EQ(found[0].value, 1);
  EXPECT_EQ(found[0].record.at("family"), "tfidf");
  EXPECT_THAT(
      evaluate("fit:tfidf", "cluster:" + write("k.tsv", "label\ttext\na\tking\nb\tman\n"), {}, context).error().message,
      HasSubstr("fit:lsa"));
}

// Machines king, queen, pear beside people's man: cosines .995, .1, .77.
TEST_F(TextTasks, SummariesAreAsGoodAsTheNearestOfPeoples) {
  const std::string good =
      R"({"machine_summaries":["king","queen","pear"],"human_summaries":["man"],"relevance":[5,1,3]})";
  const std::string turned =
      R"({"machine_summaries":["king","queen","pear"],"human_summaries":["woman","man"],"relevance":[1,1.5,3]})";
  const std::string same = R"({"machine_summaries":["king","queen"],"human_summaries":["man"],"relevance":[2,2]})";
  const auto found = run("summary:" + write("s.jsonl", good + "\n" + same + "\n")).value();
  EXPECT_EQ(found[0].metric, "spearman");
  EXPECT_DOUBLE_EQ(found[0].value, 1);
  EXPECT_EQ(found[0].n, 1u);
  EXPECT_EQ(found[0].of, 2u);
  // king and queen are equally near to one of the two: ranks 2.5, 2.5, 1 against 1, 2, 3.
  EXPECT_NEAR(run("summary:" + write("t.jsonl", turned)).value()[0].value, -std::sqrt(0.75), 1e-6);
  EXPECT_EQ(run("summary:" + write("e.jsonl", same)).error().code, Code::corrupt_data);
  EXPECT_THAT(run("summary:" + write("u.jsonl", R"({"machine_summaries":["king"],"relevance":[2]})")).error().message,
              HasSubstr("line 1"));
}

TEST_F(TextTasks, RobustnessLooksForChangedTextsAmongAll) {
  const auto found = run("robust:" + write("r.txt", "king\nqueen pear\nplum woman man\nking\n\n")).value();
  EXPECT_EQ(found[0].n, 3u);
  for (const char* change : {"typos", "case", "unseen"}) {
    EXPECT_GE(figure(found, change), 0) << change;
    EXPECT_LE(figure(found, std::string(change) + "_cosine"), 1 + 1e-6) << change;
  }
  EXPECT_DOUBLE_EQ(figure(found, "unseen"), 1);  // a word that the model does not know moves nothing
  EXPECT_NEAR(figure(found, "unseen_cosine"), 1, 1e-6);
  EXPECT_LT(figure(found, "typos_cosine"), 0.999);
  EXPECT_EQ(run("robust:" + write("one.txt", "king\nking\n")).error().code, Code::corrupt_data);
}

// One test in both forms, looked up as words and embedded as texts.
TEST_F(TextTasks, LanguagesAreTestsOfTheirOwnAndTheMeanComesFirst) {
  const char* good = "sentence1,sentence2,score\nking,man,5\nking,plum,2\nking,queen,1\n";
  const char* bad = "sentence1,sentence2,score\nking,man,1\nking,plum,2\nking,queen,5\n";
  write("many/set-de-test.csv", good);
  write("many/set-pt_br-test.csv", bad);
  write("many/set-de-dev.csv", "not read");
  const std::string folder = (folder_.path() / "many").string();
  const auto found = run("multilingual:sts:" + folder).value();
  EXPECT_EQ(found[0].task, "many");
  EXPECT_EQ(found[0].metric, "spearman");
  EXPECT_DOUBLE_EQ(found[0].value, 0) << "the mean of 1 and -1";
  EXPECT_EQ(found[0].n, 2u);
  EXPECT_EQ(found[0].record.at("languages"), "de pt_br");
  EXPECT_EQ(found[0].record.at("texts"), "8") << "of both";
  const std::size_t metrics = found.size() / 3;
  EXPECT_EQ(found[metrics].task, "many/de");
  EXPECT_DOUBLE_EQ(found[metrics].value, 1);
  EXPECT_EQ(found[2 * metrics].task, "many/pt_br");
  EXPECT_DOUBLE_EQ(found[2 * metrics].value, -1);
  write("own/task.toml", "kind = \"multilingual\"\neach = \"sts\"\nplace = \"../many\"\nmetrics = [\"pearson\"]\n");
  const auto own = run((folder_.path() / "own").string()).value();
  ASSERT_EQ(own.size(), 3u) << "one metric of the mean and of both";
  EXPECT_EQ(own[0].task, "own");
  EXPECT_EQ(own[1].task, "own/de");
  EXPECT_THAT(run("multilingual:" + folder).error().message, HasSubstr("multilingual:sts:FOLDER"));
  EXPECT_THAT(run("multilingual:multilingual:" + folder).error().message, HasSubstr("names a kind"));
  write("one/set-de-test.csv", good);
  EXPECT_THAT(run("multilingual:sts:" + (folder_.path() / "one").string()).error().message,
              HasSubstr("has 1 language"));
  write("bad/task.toml", "kind = \"multilingual\"\n");
  EXPECT_THAT(run((folder_.path() / "bad").string()).error().message, HasSubstr("each"));
}

// Figures of every time are seconds; together they are the whole.
TEST_F(TextTasks, WhereTheTimeWentStandsInTheRecord) {
  const auto found = run("sts:" + write("p.csv", "sentence1,sentence2,score\nking,man,5\nking,plum,2\n")).value();
  const auto& record = found[0].record;
  double parts = 0;
  for (const char* part : {"load seconds", "embed seconds", "metric seconds"}) parts += std::stod(record.at(part));
  EXPECT_NEAR(parts, std::stod(record.at("seconds")), 1e-5);
}

TEST_F(TextTasks, DeterminismComparesEveryTextWithItselfAlone) {
  const auto found = run("determinism:" + write("t.txt", "king man\n\nqueen\nking plum pear\n")).value();
  EXPECT_EQ(found[0].metric, "identical");
  EXPECT_DOUBLE_EQ(found[0].value, 1);
  EXPECT_EQ(found[0].n, 3u);
  EXPECT_EQ(found.back().metric, "largest_difference");
  EXPECT_EQ(found.back().value, 0);
  EXPECT_EQ(run("determinism:" + write("none.txt", "\n")).error().code, Code::corrupt_data);
}

TEST_F(TextTasks, AssociationsOfWordsAndSentences) {
  const auto list = [](const char* words) { return R"({"category":"c","examples":[)" + std::string(words) + "]}"; };
  const auto test = [&](const char* x, const char* y, const char* a, const char* b) {
    return "{\"targ1\":" + list(x) + ",\"targ2\":" + list(y) + ",\"attr1\":" + list(a) + ",\"attr2\":" + list(b) + "}";
  };
  const auto words =
      run("bias:" + write("seat/words.jsonl", test(R"("king","man")", R"("queen","woman")", R"("plum")", R"("pear")")))
          .value();
  const auto keyed =
      run("bias:" + write("keyed.json", R"({"T":{"X_key":"x","Y_key":"y","A_key":"a","B_key":"b","x":["king","man"],
      "y":["queen","woman"],"a":["plum"],"b":["pear"]},"remark":{}})"))
          .value();
  EXPECT_EQ(words[0].task, "words");
  EXPECT_EQ(keyed[0].task, "T");
  EXPECT_DOUBLE_EQ(words[0].value, keyed[0].value);
  EXPECT_DOUBLE_EQ(words[1].value, keyed[1].value);
  const auto sentences = run("bias:" + write("seat/texts.jsonl", test(R"("king king","man")", R"("queen","woman")",
                                                                      R"("plum plum")", R"("pear")")))
                             .value();
  EXPECT_NEAR(sentences[0].value, words[0].value, 1e-6);
  EXPECT_EQ(sentences[0].n, 6u);
  const auto both = run("bias:" + (folder_.path() / "seat").string()).value();
  EXPECT_EQ(both.size(), 8u) << "effect, p, rnsb and mac of both";
  EXPECT_EQ(run("bias:" + write("none.json", "{}")).error().code, Code::corrupt_data);
}

TEST_F(TextTasks, AFolderWithATaskFileIsATask) {
  write("own/pairs.tsv", "5\tking\tman\n3\tking\tplum\n1\tking\tqueen\n");
  const std::string file = write("own/task.toml", "kind = \"sts\"\nplace = \"pairs.tsv\"\nmetrics = [\"pearson\"]\n");
  const std::string folder = (folder_.path() / "own").string();
  const auto found = run(folder).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].metric, "pearson");
  EXPECT_EQ(found[0].task, "own");
  EXPECT_EQ(found[0].record.at("kind"), "sts");
  EvalOptions asked;
  asked.metrics = {"spearman"};  // goes before the file
  EXPECT_EQ(run(folder, asked).value()[0].metric, "spearman");
  write("own/task.toml", "kind = \"sts\"\nplace = \"pairs.tsv\"\nname = \"mine\"\n");
  EXPECT_EQ(run(folder).value()[0].task, "mine");
  write("own/task.toml", "kind = \"sts\"\nplaces = \"pairs.tsv\"\n");
  EXPECT_THAT(run(folder).error().message, HasSubstr("'place'"));
  write("own/task.toml", "place = \"pairs.tsv\"\n");
  EXPECT_THAT(run(folder).error().message, HasSubstr("kind"));
  write("own/task.toml", "kind = \"sts\"\nplace = 7\n");
  EXPECT_THAT(run(folder).error().message, HasSubstr("place must be a text"));
  write("own/task.toml", "kind = \n");
  EXPECT_THAT(run(folder).error().message, HasSubstr("line 1"));
}

TEST_F(TextTasks, FiguresAsMtebKeepsThem) {
  const auto found = run("sts:" + write("a.tsv", "5\tking\tman\n3\tking\tplum\n1\tking\tqueen\n")).value();
  const std::filesystem::path out = folder_.path() / "results";
  ASSERT_TRUE(write_mteb_results(out, found));
  const std::filesystem::path place = out / "m.vec" / found[0].record.at("space").substr(0, 40);
  std::ifstream file(place / "a.json");
  const std::string json{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(json, HasSubstr(R"("task_name":"a")"));
  EXPECT_THAT(json, HasSubstr(R"("scores":{"test":[{"cosine_spearman":1,)"));
  EXPECT_THAT(json, HasSubstr(R"("main_score":1,"hf_subset":"default","languages":[])"));
  EXPECT_TRUE(std::filesystem::exists(place / "model_meta.json"));
}

// One vector a word, so every sentence of a word is equally near: what chance gives.
TEST_F(TextTasks, SensesOfAStaticModelAreAsGoodAsChance) {
  const auto found =
      run("senses:" +
          write("w.txt",
                "king\tchess\tthe king is in check\nking\tchess\ttake the King\nking\truler\ta king reigns\n"
                "xyz\ta\txyz here\n"))
          .value();
  EXPECT_DOUBLE_EQ(found[0].value, (0.5 + 0.5 + 0) / 3);
  EXPECT_EQ(found[0].n, 3u);
  EXPECT_EQ(found[0].of, 4u);
  EXPECT_EQ(run("senses:" + write("v.txt", "king\tchess\tno such word\n")).error().code, Code::invalid_argument);
}

TEST_F(TextTasks, RetrievalFromFilesOfOnesOwn) {
  const std::string corpus = write("c.csv", "id,text\nd1,king\nd2,queen\nd3,plum\n");
  const std::string queries = write("q.tsv", "a\tman\nb\twoman\nc\tpear\n");
  const std::string qrels = write("my.qrels", "a 0 d1 1\n\nb 0 d2 2\nb 0 d1 0\n");
  const auto found = run("trec:" + corpus + "+" + queries + "+" + qrels).value();
  EXPECT_EQ(found[0].metric, "ndcg@10");
  EXPECT_DOUBLE_EQ(found[0].value, 1);
  EXPECT_EQ(found[0].n, 2u);
  EXPECT_EQ(found[0].task, "my");
  EXPECT_THAT(run("trec:" + corpus + "+" + queries + "+" + write("bad", "a 0 d1\n")).error().message,
              HasSubstr("line 1"));
  EXPECT_EQ(run("trec:" + corpus).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace isogloss
