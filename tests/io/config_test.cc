// Configuration: flag over environment over file, and one clear sentence for everything that is wrong.
#include "node/io/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace shoal {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ConfigTest : public testing::Test {
 protected:
  Status read(const std::string& toml) {
    std::ofstream(file_) << toml;
    return read_config_file(config, file_);
  }
  std::string complaint(const std::string& toml) {
    const Status read_it = read(toml);
    return read_it ? "" : read_it.error().message;
  }
  std::string check() {
    const Status checked = check_config(config);
    return checked ? "" : checked.error().message;
  }

  Config config;
  const std::string file_ = testing::TempDir() + "shoald-config-test-" + std::to_string(::getpid()) + ".toml";
  void TearDown() override { std::filesystem::remove(file_); }
};

Status set_flag(Config& config, const std::string& flag, const std::string& value) {
  const auto setting = std::ranges::find(settings(), flag, &Setting::flag);
  return setting != settings().end() ? setting->set(config, value) : fail(Errc::invalid, "no flag " + flag);
}

TEST_F(ConfigTest, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  ASSERT_TRUE(read("[node]\nname = \"file\"\nzone = \"file\"\nweight = 7\n"));
  ASSERT_TRUE(
      read_config_environment(config, {{"SHOALD_NODE_NAME", "environment"}, {"SHOALD_NODE_ZONE", "environment"}}));
  ASSERT_TRUE(set_flag(config, "--name", "flag"));
  EXPECT_EQ(config.name, "flag");
  EXPECT_EQ(config.zone, "environment");
  EXPECT_EQ(config.weight, 7U);
  EXPECT_EQ(config.listen, "127.0.0.1:7100");
}

TEST_F(ConfigTest, ReadsEverySetting) {
  ASSERT_TRUE(read(R"([node]
data = "d"
listen = "a:1"
advertise = "b:2"
join = "c:3"
name = "n"
zone = "z"
weight = 2
[cluster]
replicas = 5
partitions = 256
[storage]
durability = "relaxed"
relaxed_interval_ms = 20
overlay_mib = 3
log_mib = 9
map_gib = 4
[hints]
max_mib = 0
rate_mib_per_s = 7
[repair]
interval_s = 30
rate_mib_per_s = 9
scrub_days = 2
[log]
level = "debug"
file = "f"
json = true
rotate_mib = 5
keep = 6
[study]
sloppy = false
hints = false
read_repair = false
anti_entropy = false
hedging = false
ask_all = true
)"));
  const Config fresh;
  for (const Setting& setting : settings()) EXPECT_NE(setting.get(config), setting.get(fresh)) << setting.key;
}

TEST_F(ConfigTest, AnUnknownKeyIsNamedWithItsLineAndTheOneThatWasMeant) {
  EXPECT_THAT(complaint("[node]\ndata = \"d\"\nlisten_on = \"a:1\"\n"),
              HasSubstr(".toml, line 3: there is no setting \"node.listen_on\"; did you mean \"node.listen\"?"));
  EXPECT_THAT(complaint("[storag]\ndurability = \"sync\"\n"), HasSubstr("did you mean \"storage.durability\"?"));
  EXPECT_THAT(complaint("entirely_different = 1\n"),
              AllOf(HasSubstr("line 1: there is no setting \"entirely_different\""), EndsWith("different\"")));
}

TEST_F(ConfigTest, AWrongTypeIsNamedWithItsLine) {
  EXPECT_THAT(complaint("[node]\nlisten = 7100\n"), HasSubstr("line 2: node.listen is a text in quotes"));
  EXPECT_THAT(complaint("[node]\nweight = \"100\"\n"),
              HasSubstr("line 2: node.weight is a whole number, true or false"));
  EXPECT_THAT(complaint("[node]\nweight = 1.5\n"), HasSubstr("node.weight is a whole number"));
  EXPECT_THAT(complaint("[node]\nweight = [1]\n"), HasSubstr("node.weight is a whole number"));
  EXPECT_THAT(complaint("[node]\nweight = -5\n"), HasSubstr("node.weight is a whole number, not \"-5\""));
  EXPECT_THAT(complaint("[node]\nweight = true\n"), HasSubstr("node.weight is a whole number, not \"true\""));
  EXPECT_THAT(complaint("[log]\njson = 1\n"), HasSubstr("log.json is true or false, not \"1\""));
  EXPECT_THAT(complaint("[node.listen]\nport = 1\n"), HasSubstr("node.listen is a text in quotes"));
}

TEST_F(ConfigTest, AFileThatIsNotTomlIsRefusedWithItsLine) {
  EXPECT_THAT(complaint("[node]\nlisten 7100\n"), HasSubstr(".toml, line 2: "));
  EXPECT_THAT(complaint("[node]\nname = \"a\"\nname = \"b\"\n"), HasSubstr("line 3"));
}

TEST_F(ConfigTest, AFileThatIsMissingIsSaidSo) {
  const Status read = read_config_file(config, "no-such-folder/shoald.toml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "the file no-such-folder/shoald.toml cannot be read");
}

TEST_F(ConfigTest, TheEnvironmentIsReadOnlyWhereItIsOurs) {
  EXPECT_TRUE(read_config_environment(config, {{"PATH", "/bin"}, {"SHOAL_SEEDS", "x"}, {"LISTEN", "y"}}));
  const Status unknown = read_config_environment(config, {{"SHOALD_NODE_LISTN", "a:1"}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message,
            "the environment sets SHOALD_NODE_LISTN, which is no setting; did you mean \"SHOALD_NODE_LISTEN\"?");
  const Status wrong = read_config_environment(config, {{"SHOALD_STORAGE_OVERLAY_MIB", "much"}});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, StartsWith("environment SHOALD_STORAGE_OVERLAY_MIB: storage.overlay_mib is a"));
}

TEST_F(ConfigTest, NumbersAreWholeAndFit) {
  for (const char* wrong : {"", "1x", " 1", "+1", "0x10", "18446744073709551616"})
    EXPECT_FALSE(set_flag(config, "--weight", wrong)) << wrong;
  EXPECT_TRUE(set_flag(config, "--weight", "18446744073709551615"));
}

TEST_F(ConfigTest, ChecksWhatNoSingleSettingCanSee) {
  EXPECT_THAT(check(), HasSubstr("--data DIR is missing"));
  config.data_dir = "d";
  EXPECT_EQ(check(), "");
  const std::vector<std::pair<std::function<void(Config&)>, std::string>> rows{
      {[](Config& c) { c.listen = "7100"; }, "--listen: \"7100\" is not HOST:PORT: the port is missing"},
      {[](Config& c) { c.listen = "*:7100"; }, "say with --advertise HOST:PORT how others reach this node"},
      {[](Config& c) { c.advertise = "0.0.0.0:7100"; }, "--advertise must name this machine"},
      {[](Config& c) { c.advertise = "host"; }, "--advertise: \"host\" is not HOST:PORT"},
      {[](Config& c) { c.join = "host:0"; }, "--join: \"host:0\" is not HOST:PORT"},
      {[](Config& c) { c.durability = "maybe"; }, "is \"sync\" or \"relaxed\", not \"maybe\""},
      {[](Config& c) { c.log_level = "inof"; }, "not \"inof\"; did you mean \"info\"?"},
      {[](Config& c) { c.name = std::string(256, 'n'); }, "names and zones have at most 255 bytes"},
      {[](Config& c) { c.zone = std::string(256, 'z'); }, "names and zones have at most 255 bytes"},
      {[](Config& c) { c.partitions = 1000; }, "cluster.partitions is a power of two, not 1000"},
      {[](Config& c) { c.partitions = 128; }, "cluster.partitions is 128; it must be from 256 to 65536"},
      {[](Config& c) { c.partitions = 131072; }, "cluster.partitions is 131072; it must be from 256 to 65536"},
      {[](Config& c) { c.weight = 0; }, "node.weight is 0; it must be from 1 to 65535"},
      {[](Config& c) { c.weight = 65536; }, "node.weight is 65536; it must be from 1 to 65535"},
      {[](Config& c) { c.replicas = 0; }, "cluster.replicas is 0; it must be from 1 to 9"},
      {[](Config& c) { c.replicas = 10; }, "cluster.replicas is 10; it must be from 1 to 9"},
      {[](Config& c) { c.relaxed_interval_ms = 0; }, "storage.relaxed_interval_ms is 0"},
      {[](Config& c) { c.overlay_mib = 0; }, "storage.overlay_mib is 0"},
      {[](Config& c) { c.map_gib = 0; }, "storage.map_gib is 0"},
      {[](Config& c) { c.hints_max_mib = 1048577; }, "hints.max_mib is 1048577; it must be from 0 to 1048576"},
      {[](Config& c) { c.hints_rate_mib_per_s = 0; }, "hints.rate_mib_per_s is 0; it must be from 1 to 16384"},
      {[](Config& c) { c.repair_interval_s = 0; }, "repair.interval_s is 0; it must be from 1 to 86400"},
      {[](Config& c) { c.repair_rate_mib_per_s = 0; }, "repair.rate_mib_per_s is 0; it must be from 1 to 16384"},
      {[](Config& c) { c.repair_scrub_days = 0; }, "repair.scrub_days is 0; it must be from 1 to 365"},
      {[](Config& c) { c.log_rotate_mib = 0; }, "log.rotate_mib is 0"},
      {[](Config& c) { c.log_keep = 0; }, "log.keep is 0"},
      {[](Config& c) { c.study.hints = false; },
       "study settings (hints off) are for a laboratory; they are taken together with --allow-faults FILE alone"},
  };
  const Config good = config;
  for (const auto& [spoil, sentence] : rows) {
    config = good;
    spoil(config);
    EXPECT_THAT(check(), HasSubstr(sentence));
  }
}

TEST_F(ConfigTest, StudySettingsAreTakenInALaboratory) {
  config.data_dir = "d";
  config.faults_file = "token";
  config.study.anti_entropy = false;
  EXPECT_EQ(check(), "");
}

TEST_F(ConfigTest, AWildcardWithAnAdvertisedAddressIsFine) {
  config.data_dir = "d";
  config.listen = "*:7100";
  config.advertise = "host:7100";
  EXPECT_EQ(check(), "");
  EXPECT_EQ(config.advertised(), "host:7100");
  EXPECT_EQ(config.display_name(), "host:7100");
}

TEST_F(ConfigTest, PrintsAFileThatReadsBackAsTheSame) {
  config.data_dir = "a \"quoted\" folder\\with\ttabs and caf\xc3\xa9";
  config.name = "'single' and # no comment";
  config.zone = "two\nlines";
  config.weight = 65535;
  config.log_json = true;
  const std::string printed = print_config(config);
  const Config before = std::exchange(config, Config{});
  ASSERT_EQ(complaint(printed), "") << printed;
  for (const Setting& setting : settings()) EXPECT_EQ(setting.get(config), setting.get(before)) << setting.key;
  EXPECT_EQ(print_config(config), printed);
}

TEST_F(ConfigTest, ThePackagedFileIsValid) {
  const Status read = read_config_file(config, std::string(SHOAL_SOURCE_DIR) + "/packaging/shoald.toml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(check(), "");
}

TEST(Settings, HaveKeysFlagsAndHelpOfTheirOwn) {
  std::map<std::string, int> seen;
  for (const Setting& setting : settings()) {
    ++seen[setting.key];
    if (!setting.flag.empty()) ++seen[setting.flag];
    EXPECT_FALSE(setting.help.empty()) << setting.key;
    EXPECT_EQ(std::ranges::count(setting.key, '.'), 1) << setting.key;
  }
  for (const auto& [name, times] : seen) EXPECT_EQ(times, 1) << name;
}

}  // namespace
}  // namespace shoal
