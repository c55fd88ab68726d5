// The report, from measures made by hand to files: what the page and the figures say, and that they are well formed.
#include "bench/study/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "bench/study/report/chart_json.h"
#include "bench/study/report/html.h"
#include "bench/study/report/page.h"
#include "bench/study/report/svg.h"
#include "tests/study/report_sample.h"
#include "tests/study/well_formed.h"

namespace shoal::study {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<std::string> kThree = {"none", "read repair", "everything"};

std::set<std::string> ids_of(const Page& page) {
  std::set<std::string> ids;
  for (const Chart& chart : page.charts) EXPECT_TRUE(ids.insert(chart.id).second) << chart.id << " is there twice";
  return ids;
}

const Chart& chart_of(const Page& page, const std::string& id) {
  for (const Chart& chart : page.charts)
    if (chart.id == id) return chart;
  ADD_FAILURE() << "no chart " << id;
  return page.charts.front();
}

std::string between(const std::string& text, const std::string& open, const std::string& close) {
  const std::size_t begin = text.find(open) + open.size();
  return text.substr(begin, text.find(close, begin) - begin);
}

std::map<std::string, std::string> files_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    files[entry.path().filename().string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return files;
}

class ReportFolder : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      ("shoal_report_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

// ---- charts --------------------------------------------------------------------------------------------------------

TEST(Charts, ShowEverythingThatAStudyMeasured) {
  const Page page = page_of(sample_results(kThree, 5));
  const std::set<std::string> ids = ids_of(page);
  for (const char* id :
       {"divergence", "keys-apart", "convergence-time", "heat-none", "fresh", "versions-behind", "hints",
        "handoff-bytes", "read-repair-bytes", "anti-entropy-bytes", "repair-cost", "siblings", "clock-entries",
        "throughput", "failures", "unknown", "read-latency", "write-latency", "messages-none-1"})
    EXPECT_TRUE(ids.contains(id)) << id;
  for (const Chart& chart : page.charts) {
    EXPECT_THAT(chart.sentence, testing::EndsWith(".")) << chart.id;
    EXPECT_EQ(chart.footer, "partition · seeds 1 to 5 · simulator · revision 0123abc") << chart.id;
  }
}

TEST(Charts, WithNothingToShowAreLeftOut) {
  StudyResults results = sample_results({""}, 1);
  for (Band& band : results.variants.front().bands)
    if (band.name == "hints")
      for (auto* values : {&band.median, &band.low, &band.high}) values->assign(values->size(), 0);
  results.variants.front().staleness = {};
  results.runs.front().messages.clear();
  const std::set<std::string> ids = ids_of(page_of(results));
  for (const char* id : {"hints", "fresh", "versions-behind", "messages-base-1", "convergence-time"})
    EXPECT_FALSE(ids.contains(id)) << id;
  EXPECT_TRUE(ids.contains("divergence"));
}

TEST(Charts, ShowTheSpreadOverSeedsOnlyWhenThereAreSeveral) {
  EXPECT_THAT(chart_of(page_of(sample_results({""}, 1)), "divergence").series.front().low, IsEmpty());
  const Chart many = chart_of(page_of(sample_results({""}, 3)), "divergence");
  ASSERT_EQ(many.series.front().low.size(), many.series.front().y.size());
  EXPECT_LE(many.series.front().low.at(200), many.series.front().high.at(200));
}

TEST(Charts, ShadeTheFaultsOfTheTimeAxis) {
  const Page page = page_of(sample_results(kThree, 2));
  const Chart& chart = chart_of(page, "throughput");
  ASSERT_EQ(chart.bands.size(), 2U);  // the same in all variants: once
  EXPECT_EQ(chart.bands.front().name, "partition n1, n2 | n3, n4, n5");
  EXPECT_EQ(chart.bands.front().begin, 15);
  EXPECT_EQ(chart.bands.front().end, 30);
  EXPECT_THAT(chart_of(page, "fresh").bands, IsEmpty());
}

// A run that did not converge is no time: the line of its variant ends below 1, and the sentence says so.
TEST(Charts, CountRunsThatDidNotConverge) {
  StudyResults results = sample_results({"slow", "fast"}, 4);
  for (std::size_t i = 0; i < results.runs.size(); ++i)
    results.runs[i].measures.convergence.time_to_zero_s = i < 4 ? 10.0 + static_cast<double>(i) : 2.0;
  results.runs[3].measures.convergence.time_to_zero_s.reset();
  const Chart chart = chart_of(page_of(results), "convergence-time");
  EXPECT_EQ(chart.series.at(0).y.back(), 0.75);
  EXPECT_EQ(chart.series.at(1).y.back(), 1);
  EXPECT_THAT(chart.sentence, HasSubstr("first with fast (2 s) and last with slow (11 s, in 3 of 4 runs)"));
}

TEST(Charts, SentencesFollowTheNumbers) {
  StudyResults results = sample_results(kThree, 3);
  const std::string before = chart_of(page_of(results), "divergence").sentence;
  for (Band& band : results.variants.front().bands)
    if (band.name == "behind") band.median.at(100) = 4321;
  const std::string after = chart_of(page_of(results), "divergence").sentence;
  EXPECT_THAT(before, Not(HasSubstr("4321")));
  EXPECT_THAT(after, HasSubstr("4321 pairs (none)"));
}

TEST(Charts, LongLinesKeepTheirPeaks) {
  StudyResults results = sample_results({""}, 1, 900);
  Band* behind = nullptr;
  for (Band& band : results.variants.front().bands)
    if (band.name == "behind") behind = &band;
  ASSERT_NE(behind, nullptr);
  behind->median.at(7'123) = 99'999;
  const Series series = chart_of(page_of(results), "divergence").series.front();
  EXPECT_LE(series.y.size(), 1203U);
  EXPECT_THAT(series.y, Contains(99'999));
  EXPECT_TRUE(std::ranges::is_sorted(series.x));
}

TEST(Charts, CrossOutLostMessages) {
  const Page page = page_of(sample_results({"none"}, 1));
  const Chart& chart = chart_of(page, "messages-none-1");
  EXPECT_LE(chart.space_time.arrows.size(), 150U);
  const auto lost =
      std::ranges::count_if(chart.space_time.arrows, [](const auto& arrow) { return std::isinf(arrow.arrived); });
  EXPECT_GT(lost, 0);
  EXPECT_THAT(chart.sentence, HasSubstr(" " + std::to_string(lost) + " are lost"));
  EXPECT_THAT(chart.space_time.lanes, testing::IsSupersetOf({"n1", "n5", "client 1"}));
  EXPECT_THAT(svg_of(chart), HasSubstr("× lost"));
}

TEST(Page, NamesWhatIsNotValid) {
  StudyResults results = sample_results({"none", "all"}, 2);
  EXPECT_THAT(page_of(results).findings,
              testing::ElementsAre("All 6 checks hold in all 4 runs (120\u2009000 cases examined)."));
  results.judgement = Judgement::invalid;
  results.runs[3].verdict.checks[0].judgement = Judgement::invalid;
  results.runs[3].verdict.checks[0].sentences = {"w17 of k3 is gone"};
  const Page page = page_of(results);
  EXPECT_EQ(page.verdict, "invalid");
  EXPECT_THAT(page.findings, testing::ElementsAre("lost: invalid in 1 of 4 runs; all, seed 2: w17 of k3 is gone"));
}

// ---- files ---------------------------------------------------------------------------------------------------------

TEST(Html, HoldsItsDataAndNeedsNoNetwork) {
  const std::string html = html_of(page_of(sample_results(kThree, 2)));
  const auto data =
      nlohmann::json::parse(between(html, R"(<script type="application/json" id="charts">)", "</script>"));
  EXPECT_EQ(data.at("charts").at(0).at("id"), "divergence");
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  for (const char* reference : {"src=\"http", "href=\"http", "@import", "url("}) {
    const std::string without_scripts = html.substr(0, html.find("<script"));
    EXPECT_THAT(without_scripts, Not(HasSubstr(reference)));
  }
  EXPECT_THAT(html, AllOf(HasSubstr("d3js.org"), HasSubstr("Redistributions in binary form")));
  EXPECT_THAT(html, Not(HasSubstr("{{")));
}

// Names, sentences and the scenario may hold anything: none of it becomes an element or ends the script.
TEST(Html, EscapesWhatPeopleWrote) {
  const std::string evil = "</script><b id=\"x\">&'<!--";
  StudyResults results = sample_results({evil}, 1);
  results.info.title = results.info.about = results.info.text = results.info.command = evil;
  const Page page = page_of(results);
  const std::string html = html_of(page);
  EXPECT_THAT(html, Not(HasSubstr("<b id")));
  const auto data =
      nlohmann::json::parse(between(html, R"(<script type="application/json" id="charts">)", "</script>"));
  EXPECT_EQ(data.at("charts").at(0).at("series").at(0).at("name"), evil);
  EXPECT_THAT(html, HasSubstr("<title>&lt;/script&gt;&lt;b id=&quot;x&quot;&gt;&amp;&#39;&lt;!--</title>"));
  for (const Chart& chart : page.charts) EXPECT_EQ(why_not_well_formed(svg_of(chart)), "") << chart.id;
}

TEST(Svg, IsWellFormedWithFooterAndSentence) {
  for (const auto& variants : {kThree, std::vector<std::string>{""}})
    for (const Chart& chart : page_of(sample_results(variants, variants.size())).charts) {
      const std::string svg = svg_of(chart);
      EXPECT_EQ(why_not_well_formed(svg), "") << chart.id;
      EXPECT_THAT(svg, HasSubstr("revision 0123abc")) << chart.id;
      EXPECT_THAT(svg, Not(AnyOf(HasSubstr("nan"), HasSubstr("inf\"")))) << chart.id;
    }
}

// What printing in grey leaves: every line of a plot has dashes of its own.
TEST(Svg, TellsLinesApartByTheirDashes) {
  const Chart chart = chart_of(page_of(sample_results(kThree, 2)), "read-latency");
  const std::string svg = svg_of(chart);
  for (const char* dash : {"\"7 3\"", "\"2 2\"", "\"9 3 2 3\"", "\"4 2\"", "\"1 3\""})
    EXPECT_THAT(svg, HasSubstr("stroke-dasharray=" + std::string(dash)));
}

TEST_F(ReportFolder, TheSameResultsMakeTheSameBytes) {
  ASSERT_TRUE(write_report(folder_, sample_results(kThree, 2)));
  const auto first = files_in(folder_);
  EXPECT_TRUE(first.contains("report.html"));
  EXPECT_TRUE(first.contains("fig-divergence.svg"));
  ASSERT_TRUE(write_report(folder_, sample_results(kThree, 2)));
  EXPECT_EQ(files_in(folder_), first);
}

TEST_F(ReportFolder, LosesFiguresThatAreNoMore) {
  std::ofstream(folder_ / "fig-gone.svg") << "old";
  std::ofstream(folder_ / "notes.txt") << "mine";
  ASSERT_TRUE(write_report(folder_, sample_results({""}, 1)));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "fig-gone.svg"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "notes.txt"));
}

TEST_F(ReportFolder, MustBeThere) {
  EXPECT_EQ(write_report(folder_ / "no such folder", sample_results({""}, 1)).error().code, Errc::io);
}

// "A B" and "a-b" are the same in a file's name, and "a b 2" may be there, too.
TEST(Charts, OfAlikeVariantsHaveNamesOfTheirOwn) {
  const std::set<std::string> ids = ids_of(page_of(sample_results({"A B", "a-b", "a b 2"}, 1)));
  for (const char* id : {"heat-a-b", "heat-a-b-2", "heat-a-b-2-2"}) EXPECT_TRUE(ids.contains(id)) << id;
}

}  // namespace
}  // namespace shoal::study
