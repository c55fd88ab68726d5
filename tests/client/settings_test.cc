#include "client/settings.h"

#include <gtest/gtest.h>

namespace shoal::client_detail {
namespace {

TEST(Uri, NamesSeedsAndParameters) {
  const Options options =
      Options::parse(
          "shoal://10.0.0.1:7100,[::1]:7110,db.example:1?r=1&w=all&timeout=2s&retries=0&max_inflight=9&"
          "backoff=5ms")
          .value();
  EXPECT_EQ(options.seeds, (std::vector<std::string>{"10.0.0.1:7100", "[::1]:7110", "db.example:1"}));
  EXPECT_EQ(options.r, Copies::one());
  EXPECT_EQ(options.w, Copies::all());
  EXPECT_EQ(options.timeout, Millis(2000));
  EXPECT_EQ(options.retries, 0);
  EXPECT_EQ(options.max_inflight, 9);
  EXPECT_EQ(options.backoff, Millis(5));
}

TEST(Uri, LeavesDefaultsAlone) {
  const Options options = Options::parse("shoal://h:1").value();
  EXPECT_EQ(options.r, Copies{}) << "what level and bucket say";
  EXPECT_EQ(options.timeout, Millis(1000));
  EXPECT_EQ(options.max_inflight, 1024);
}

class BadUri : public testing::TestWithParam<const char*> {};

TEST_P(BadUri, IsRefusedWithASentence) {
  const auto options = Options::parse(GetParam());
  ASSERT_FALSE(options) << GetParam();
  EXPECT_EQ(options.error().code, Errc::invalid);
  EXPECT_FALSE(options.error().message.empty());
}

INSTANTIATE_TEST_SUITE_P(All, BadUri,
                         testing::Values("", "h:1", "http://h:1", "shoal://", "shoal://h", "shoal://h:", "shoal://:1",
                                         "shoal://h:0", "shoal://h:99999", "shoal://*:1", "shoal://::1:7100",
                                         "shoal://h:1/path", "shoal://h:1?r=0", "shoal://h:1?r=x", "shoal://h:1?w=99",
                                         "shoal://h:1?timeout=0", "shoal://h:1?timeout=-5", "shoal://h:1?timeout=5h",
                                         "shoal://h:1?timeout=99999999999999999999s", "shoal://h:1?max_inflight=0",
                                         "shoal://h:1?retries=101", "shoal://h:1?colour=red"));

TEST(Durations, HaveUnits) {
  EXPECT_EQ(parse_millis("250").value(), Millis(250));
  EXPECT_EQ(parse_millis("250ms").value(), Millis(250));
  EXPECT_EQ(parse_millis("3s").value(), Millis(3000));
  EXPECT_EQ(parse_millis("2m").value(), Millis(120'000));
  EXPECT_FALSE(parse_millis("ms"));
  EXPECT_FALSE(parse_millis("1.5s"));
}

}  // namespace
}  // namespace shoal::client_detail
