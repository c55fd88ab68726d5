// Logging: what machines read is valid whatever was logged, files are rotated, levels hold.
#include "node/io/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace shoal {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::SizeIs;

class Log : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(dir_);
    config.log_file = (dir_ / "shoald.log").string();
  }
  void TearDown() override {
    spdlog::set_default_logger(before_);
    fs::remove_all(dir_);
  }

  // Logging without the copy on standard error.
  void start() {
    testing::internal::CaptureStderr();
    const Status started = start_logging(config);
    ASSERT_TRUE(started) << started.error().message;
  }
  std::vector<std::string> lines() {
    spdlog::default_logger()->flush();
    testing::internal::GetCapturedStderr();
    std::vector<std::string> all;
    std::ifstream in(config.log_file);
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

  Config config;
  const fs::path dir_ = fs::path(testing::TempDir()) / ("shoald-log-test-" + std::to_string(::getpid()));
  const std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

TEST_F(Log, JsonLinesAreValidWhateverTheMessage) {
  config.log_json = true;
  start();
  const std::vector<std::string> messages{
      "plain", "a \"quoted\" word", "back\\slash",    "two\nlines", "tab\tand \x01", "caf\xc3\xa9",
      "",      "{} %v %* ${x}",     "bad \xff utf-8", "cut \xc3",   "</script>"};
  for (const std::string& message : messages) spdlog::warn("{}", message);
  const std::vector<std::string> written = lines();
  ASSERT_THAT(written, SizeIs(messages.size()));
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const nlohmann::json line = nlohmann::json::parse(written[i], nullptr, false);
    ASSERT_FALSE(line.is_discarded()) << written[i];
    EXPECT_EQ(line.at("level"), "warning");
    EXPECT_THAT(line.at("time").get<std::string>(), testing::MatchesRegex("....-..-..T..:..:..\\....Z"));
    const bool bad = messages[i].find('\xff') != std::string::npos || messages[i].ends_with('\xc3');
    if (!bad) {
      EXPECT_EQ(line.at("message"), messages[i]);
    } else {
      EXPECT_THAT(line.at("message").get<std::string>(), HasSubstr("\xef\xbf\xbd"));
    }
  }
}

TEST_F(Log, PlainLinesSayTimeLevelAndMessage) {
  start();
  spdlog::error("the disk is full");
  EXPECT_THAT(lines(),
              testing::ElementsAre(testing::MatchesRegex("....-..-..T..:..:..\\....Z error the disk is full")));
}

TEST_F(Log, LeavesOutWhatIsBelowItsLevel) {
  config.log_level = "warn";
  start();
  spdlog::info("unheard");
  spdlog::warn("heard");
  spdlog::error("heard");
  EXPECT_THAT(lines(), SizeIs(2));
}

TEST_F(Log, KnowsEveryLevelThatTheConfigurationAllows) {
  for (const char* level : {"trace", "debug", "info", "warn", "error"}) {
    config.log_level = level;
    start();
    EXPECT_NE(spdlog::default_logger()->level(), spdlog::level::off) << level;
    lines();
  }
}

TEST_F(Log, RotatesItsFileAndKeepsOnlySoMany) {
  config.log_rotate_mib = 1;
  config.log_keep = 2;
  start();
  for (int i = 0; i < 50; ++i) spdlog::info("{}", std::string(100'000, 'x'));
  EXPECT_LE(fs::file_size(config.log_file), std::uintmax_t{1} << 20);
  lines();
  const auto files = std::distance(fs::directory_iterator(dir_), fs::directory_iterator());
  EXPECT_EQ(files, 3);
}

TEST_F(Log, AFileThatCannotBeWrittenIsRefused) {
  config.log_file = (dir_ / "shoald.log" / "inside").string();
  std::ofstream(dir_ / "shoald.log") << "a file, not a folder";
  const Status started = start_logging(config);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("cannot write the log file " + config.log_file));
}

}  // namespace
}  // namespace shoal
