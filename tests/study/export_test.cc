#include "bench/study/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/study/history_lines.h"
#include "tests/study/story.h"

namespace shoal::study {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Export : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        fs::temp_directory_path() / ("shoal_export_" + std::string(test->name()) + "_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void keep(Story& story) const {
    std::ofstream out(folder_ / "history.ndjson", std::ios::app);
    write_history(story.told(), out);
  }
  // Two keys; a failed write, one of unknown outcome, concurrent values, a delete of k1.
  void keep_story() const {
    Story story;
    story.recording.keys = {"k0", "k1"};
    story.put(1, 1);
    story.get(2, {1});
    story.put(2, 3).outcome = Outcome::fail;
    story.put(3, 4).outcome = Outcome::info;
    story.get(5, {1, 3});
    story.get(5.5).outcome = Outcome::info;
    story.put(4, 6).key = 1;
    story.del(5, 7, {4}).key = 1;
    story.get(8).key = 1;
    story.fault(1, 2);
    keep(story);
  }

  std::string exported(const ExportOptions& options) {
    std::ostringstream out;
    result_ = export_history(folder_, options, out).value();
    return out.str();
  }

  fs::path folder_;
  Exported result_;
};

TEST_F(Export, KnossosOfOneKey) {
  keep_story();
  EXPECT_EQ(exported({.checker = Foreign::knossos, .notation = Notation::edn, .key = "k0"}),
            "{:index 0, :type :invoke, :process 0, :f :write, :value 1, :time 1000000000}\n"
            "{:index 1, :type :ok, :process 0, :f :write, :value 1, :time 1010000000}\n"
            "{:index 2, :type :invoke, :process 0, :f :read, :value nil, :time 2000000000}\n"
            "{:index 3, :type :ok, :process 0, :f :read, :value 1, :time 2010000000}\n"
            "{:index 4, :type :invoke, :process 0, :f :write, :value 2, :time 3000000000}\n"
            "{:index 5, :type :fail, :process 0, :f :write, :value 2, :time 3010000000}\n"
            "{:index 6, :type :invoke, :process 0, :f :write, :value 3, :time 4000000000}\n"
            "{:index 7, :type :info, :process 0, :f :write, :value 3, :time 4010000000}\n");
  EXPECT_EQ(result_.operations, 4U);
  EXPECT_EQ(result_.concurrent_reads, 1U);
}

TEST_F(Export, KnossosOfAllKeysHasTuples) {
  keep_story();
  const std::string text = exported({.checker = Foreign::knossos, .notation = Notation::edn});
  EXPECT_THAT(text, HasSubstr(":f :write, :value [\"k0\" 1]"));
  EXPECT_THAT(text, HasSubstr(":f :write, :value [\"k1\" nil]")) << "the delete";
  EXPECT_THAT(text, Not(HasSubstr("nemesis")));
}

TEST_F(Export, ElleAsJson) {
  keep_story();
  const auto events = nlohmann::json::parse(exported({.checker = Foreign::elle, .notation = Notation::json}));
  ASSERT_EQ(events.size(), 8U);
  EXPECT_EQ(events[0].dump(),
            R"({"f":"txn","index":0,"process":0,"time":1000000000,"type":"invoke","value":[["w","k0",1]]})");
  EXPECT_EQ(events[2].at("value").dump(), R"([["r","k0",null]])");
  EXPECT_EQ(events[3].at("value").dump(), R"([["r","k0",1]])");
  EXPECT_EQ(result_.deleted_keys, 1U);
}

TEST_F(Export, ElleAsEdn) {
  keep_story();
  EXPECT_THAT(exported({.checker = Foreign::elle, .notation = Notation::edn}),
              HasSubstr(":type :ok, :process 0, :f :txn, :value [[:r \"k0\" 1]], :time 2010000000}\n"));
}

TEST_F(Export, PorcupineLog) {
  keep_story();
  EXPECT_EQ(exported({.checker = Foreign::porcupine, .notation = Notation::edn}),
            "{:process 0, :type :invoke, :f :put, :key \"k0\", :value \"1\"}\n"
            "{:process 0, :type :ok, :f :put, :key \"k0\", :value \"1\"}\n"
            "{:process 0, :type :invoke, :f :get, :key \"k0\", :value nil}\n"
            "{:process 0, :type :ok, :f :get, :key \"k0\", :value \"1\"}\n"
            "{:process 0, :type :invoke, :f :put, :key \"k0\", :value \"3\"}\n"
            "{:process 2, :type :invoke, :f :put, :key \"k1\", :value \"4\"}\n"
            "{:process 2, :type :ok, :f :put, :key \"k1\", :value \"4\"}\n"
            "{:process 2, :type :invoke, :f :put, :key \"k1\", :value \"\"}\n"
            "{:process 2, :type :ok, :f :put, :key \"k1\", :value \"\"}\n"
            "{:process 2, :type :invoke, :f :get, :key \"k1\", :value nil}\n"
            "{:process 2, :type :ok, :f :get, :key \"k1\", :value \"\"}\n");
}

TEST_F(Export, PorcupineOperations) {
  keep_story();
  const auto operations = nlohmann::json::parse(exported({.checker = Foreign::porcupine, .notation = Notation::json}));
  ASSERT_EQ(operations.size(), 6U);
  EXPECT_EQ(operations[1].dump(), R"({"Call":2000000000,"ClientId":0,"Input":{"key":"k0","op":"get","value":""},)"
                                  R"("Output":{"value":"1"},"Return":2010000000})");
  EXPECT_EQ(operations[2].at("Return"), 8'010'000'001) << "nobody knows whether it ever ended";
}

// A won and a lost compare-and-set, one of unknown outcome, a write that expects a version, and one that expects the
// nothing that a delete had left.
class ExportOfStrongKeys : public Export {
 protected:
  void keep_strong_story() const {
    Story story;
    story.cas(1, 1, 0);
    lose(story.cas(2, 2, 0));
    story.cas(3, 3, 1);
    story.cas(4, 4, 3).outcome = Outcome::info;
    story.put(5, 5, {3}).expected_version = 2;
    lose(story.put(6, 6, {3}));
    story.find(6).expected_version = 2;
    story.strong();
    keep(story);
  }
  void keep_deletes() const {
    Story story;
    story.put(1, 1);
    story.del(2, 2, {1}).expected_version = 1;
    story.put(3, 3, {2}).expected_version = 2;
    story.del(4, 4, {3});
    lose(story.put(5, 5, {2}));
    story.find(5).expected_version = 2;
    story.strong();
    keep(story);
  }

 private:
  static void lose(Operation& operation) {
    operation.outcome = Outcome::fail;
    operation.error = Errc::conflict;
  }
};

TEST_F(ExportOfStrongKeys, KnossosHasCas) {
  keep_strong_story();
  const std::string text = exported({.checker = Foreign::knossos, .notation = Notation::edn, .key = "k0"});
  EXPECT_THAT(text, HasSubstr(":type :ok, :process 0, :f :cas, :value [nil 1], :time 1010000000}"));
  EXPECT_THAT(text, HasSubstr(":type :fail, :process 0, :f :cas, :value [nil 2], :time 2010000000}"));
  EXPECT_THAT(text, HasSubstr(":type :invoke, :process 0, :f :cas, :value [1 3], :time 3000000000}"));
  EXPECT_THAT(text, HasSubstr(":type :info, :process 0, :f :cas, :value [3 4], :time 4010000000}"));
  EXPECT_THAT(text, HasSubstr(":type :ok, :process 1, :f :cas, :value [3 5], :time 5010000000}"));
  EXPECT_THAT(exported({.checker = Foreign::knossos, .notation = Notation::edn}),
              HasSubstr(":f :cas, :value [\"k0\" [1 3]]"));
}

TEST_F(ExportOfStrongKeys, WhatADeleteLeftIsNil) {
  keep_deletes();
  const std::string text = exported({.checker = Foreign::knossos, .notation = Notation::edn, .key = "k0"});
  EXPECT_THAT(text, HasSubstr(":f :cas, :value [1 nil], :time 2010000000}"));
  EXPECT_THAT(text, HasSubstr(":f :cas, :value [nil 3], :time 3010000000}"));
  exported({.checker = Foreign::porcupine, .notation = Notation::json});
  EXPECT_EQ(result_.operations, 4U) << "that the key was empty at another version, no register can say";
}

TEST_F(ExportOfStrongKeys, ElleReadsAndWritesInOneTransaction) {
  keep_strong_story();
  const auto events = nlohmann::json::parse(exported({.checker = Foreign::elle, .notation = Notation::json}));
  ASSERT_EQ(events.size(), 12U);
  EXPECT_EQ(events[4].at("value").dump(), R"([["r","k0",null],["w","k0",3]])");
  EXPECT_EQ(events[5].at("value").dump(), R"([["r","k0",1],["w","k0",3]])");
  EXPECT_EQ(events[7].at("value").dump(), R"([["r","k0",null],["w","k0",4]])") << "nobody knows what it read";
  EXPECT_EQ(events[3].at("type"), "fail");
}

TEST_F(ExportOfStrongKeys, PorcupineHearsOfLostComparisons) {
  keep_strong_story();
  const auto operations = nlohmann::json::parse(exported({.checker = Foreign::porcupine, .notation = Notation::json}));
  ASSERT_EQ(operations.size(), 6U);
  EXPECT_EQ(operations[1].dump(), R"({"Call":2000000000,"ClientId":0,"Input":{"expected":"","key":"k0","op":"cas",)"
                                  R"("value":"2"},"Output":{"ok":false,"value":""},"Return":2010000000})");
  EXPECT_EQ(operations[2].at("Input").at("expected"), "1");
  EXPECT_EQ(operations[3].at("Output").dump(), R"({"unknown":true,"value":""})");
  EXPECT_EQ(operations[3].at("Return"), 6'010'000'001);
  EXPECT_EQ(result_.weakened, 0U);
}

TEST_F(ExportOfStrongKeys, PorcupinesLogHasPutsAlone) {
  keep_strong_story();
  const std::string text = exported({.checker = Foreign::porcupine, .notation = Notation::edn});
  EXPECT_THAT(text, HasSubstr("{:process 0, :type :ok, :f :put, :key \"k0\", :value \"3\"}"));
  EXPECT_THAT(text, Not(HasSubstr(":value \"2\"")));
  EXPECT_EQ(result_.operations, 4U);
  EXPECT_EQ(result_.weakened, 4U);
}

TEST_F(Export, OneRunOfMany) {
  for (const std::uint64_t seed : {1U, 2U}) {
    Story story;
    story.recording.seed = seed;
    story.put(10 + seed, 1);
    keep(story);
  }
  EXPECT_THAT(exported({.seed = 2}), HasSubstr("12"));
  EXPECT_EQ(result_.seed, 2U);
  EXPECT_THAT(exported({}), Not(HasSubstr("12")));
  std::ostringstream out;
  EXPECT_EQ(export_history(folder_, {.seed = 3}, out).error().code, Errc::invalid);
  EXPECT_EQ(export_history(folder_, {.variant = "none"}, out).error().code, Errc::invalid);
}

TEST_F(Export, DamageIsSaid) {
  std::ostringstream out;
  EXPECT_THAT(export_history(folder_, {}, out).error().message, HasSubstr("is not there"));
  keep_story();
  std::ofstream(folder_ / "history.ndjson", std::ios::app) << "{\"variant\":";
  EXPECT_THAT(export_history(folder_, {}, out).error().message, HasSubstr("line 21 is damaged"));
}

}  // namespace
}  // namespace shoal::study
