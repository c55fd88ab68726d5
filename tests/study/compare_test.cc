#include "bench/study/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace shoal::study {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kHead =
    "variant,seed,verdict,r,w,replicas,events,event_hash,time_to_zero_s,fresh_reads,lost,behind_peak\n";

class Compare : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    top_ = fs::temp_directory_path() / ("shoal_compare_" + std::string(test->name()) + "_" + std::to_string(getpid()));
  }
  void TearDown() override { fs::remove_all(top_); }

  // Lines: variant, then the four numbers.
  std::vector<VariantRuns> study(const std::string& name, const std::vector<std::string>& lines) {
    fs::create_directories(top_ / name);
    std::ofstream out(top_ / name / "summary.csv");
    out << kHead;
    for (const std::string& line : lines) {
      const auto comma = line.find(',');
      out << line.substr(0, comma) << ",1,valid,2,2,3,0,00" << line.substr(comma) << '\n';
    }
    out.close();
    return read_summary(top_ / name).value();
  }

  fs::path top_;
};

TEST_F(Compare, ReadsVariantsAndGaps) {
  const auto runs = study("a", {"base,5,1,0,10", "base,,0.9,0,12", "fast,1,1,0,9"});
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].study, "a");
  ASSERT_NE(runs[0].find("time_to_zero_s"), nullptr);
  EXPECT_EQ(runs[0].find("time_to_zero_s")->values, (std::vector<std::optional<double>>{5.0, std::nullopt}));
  EXPECT_EQ(runs[1].find("nothing"), nullptr);
}

TEST_F(Compare, DifferencesOfOneVariant) {
  const auto a = study("a", {"base,10,1,0,5", "base,11,1,0,5", "base,12,1,0,5", "only,1,1,0,5"});
  const auto b = study("b", {"base,20,1,0,5", "base,21,1,0,5", "base,22,1,0,5"});
  const auto found = compare(a, b);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].number, "time_to_zero_s");
  EXPECT_EQ(found[0].a.median, 11);
  EXPECT_EQ(found[0].b.median, 21);
  EXPECT_TRUE(found[0].differs());
  EXPECT_GE(found[0].of_medians->low, 8);
  EXPECT_LE(found[0].of_medians->high, 12);
  EXPECT_FALSE(found[3].differs()) << "5 is 5";
}

TEST_F(Compare, SingleVariantsMeetWhateverTheirNames) {
  const auto found = compare(study("a", {"x,1,1,0,5"}), study("b", {"y,,1,0,5"}));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].variant, "x / y");
  EXPECT_FALSE(found[0].of_medians) << "the second never converged";
  EXPECT_FALSE(found[0].differs());
}

TEST_F(Compare, RanksBestFirst) {
  auto runs = study("a", {"slow,9,0.5,0,5", "fast,2,0.9,0,5", "never,,1,0,5", "seldom,1,1,0,5", "seldom,,1,0,5"});
  const auto found = rank(runs);
  ASSERT_EQ(found.size(), 2U) << "lost and behind_peak are the same for all";
  EXPECT_EQ(found[0].number, "time_to_zero_s");
  ASSERT_EQ(found[0].places.size(), 3U);
  EXPECT_EQ(found[0].places[0].variant, "fast");
  EXPECT_EQ(found[0].places[2].variant, "seldom");
  EXPECT_EQ(found[1].number, "fresh_reads");
  EXPECT_EQ(found[1].places.front().variant, "never");
  EXPECT_EQ(found[1].places.back().variant, "slow");
}

TEST_F(Compare, DamageIsSaid) {
  EXPECT_THAT(read_summary(top_ / "none").error().message, HasSubstr("is not there"));
  study("a", {"base,1,1,0,5"});
  std::ofstream(top_ / "a" / "summary.csv", std::ios::app) << "base,2\n";
  EXPECT_THAT(read_summary(top_ / "a").error().message, HasSubstr("damaged"));
}

}  // namespace
}  // namespace shoal::study
