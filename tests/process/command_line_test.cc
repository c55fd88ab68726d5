// What shoald says to a wrong command line, environment or configuration: one sentence, exit code 2, and no trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Wrong {
  const char* name;
  std::vector<std::string> arguments;
  const char* sentence;
  std::vector<std::string> environment = {};
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class CommandLine : public testing::Test {
 protected:
  Outcome shoald(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) {
    arguments.insert(arguments.begin(), shoald_program());
    return run(arguments, {.input = {}, .environment = environment});
  }
  std::string config_file(const std::string& text) {
    const std::filesystem::path file = folder_.path() / "shoald.toml";
    write_file(file, text);
    return file.string();
  }
  [[nodiscard]] std::string data() const { return (folder_.path() / "data").string(); }
  [[nodiscard]] bool left_a_trace() const { return std::filesystem::exists(data()); }

  void expect_refusal(const Outcome& outcome, const std::string& sentence) {
    EXPECT_EQ(outcome.code, 2) << outcome;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, StartsWith("shoald: "));
    EXPECT_THAT(outcome.err, HasSubstr(sentence));
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome;
    EXPECT_FALSE(left_a_trace());
  }

  const TempFolder folder_;
};

class WrongCommandLine : public CommandLine, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongCommandLine, GetsASentence) {
  std::vector<std::string> arguments = GetParam().arguments;
  std::ranges::replace(arguments, "DATA", data());
  expect_refusal(shoald(arguments, GetParam().environment), GetParam().sentence);
}

INSTANTIATE_TEST_SUITE_P(
    Process, WrongCommandLine,
    testing::Values(
        Wrong{"MistypedRestore", {"--restor", "x"}, "no flag \"--restor\"; did you mean \"--restore\"?"},
        Wrong{"UnknownFlag",
              {"--data", "DATA", "--lisen", "127.0.0.1:7100"},
              "no flag \"--lisen\"; did you mean \"--listen\"?"},
        Wrong{"FarOffFlag", {"--data", "DATA", "--xyzzyplugh"}, "no flag \"--xyzzyplugh\"; see shoald --help"},
        Wrong{"FlagWithoutItsValue", {"--data"}, "--data: "},
        Wrong{"NoData", {}, "--data DIR is missing: say where this node keeps its data"},
        Wrong{"FaultsWithoutTheirFile",
              {"--data", "DATA", "--allow-faults", "/no-such-folder/faults"},
              "the file of the faults' token, /no-such-folder/faults, is missing; write one line of at least 16"},
        Wrong{"StudySettingAlone",
              {"--data", "DATA"},
              "study settings (hints off) are for a laboratory; they are taken together with --allow-faults FILE alone",
              {"SHOALD_STUDY_HINTS=false"}},
        Wrong{"ListenWithoutPort",
              {"--data", "DATA", "--listen", "localhost"},
              "--listen: \"localhost\" is not HOST:PORT: the port is missing"},
        Wrong{"ListenPortZero", {"--data", "DATA", "--listen", "127.0.0.1:0"}, "the port is a number from 1 to 65532"},
        Wrong{"ListenPortTooLarge",
              {"--data", "DATA", "--listen", "127.0.0.1:65533"},
              "the port is a number from 1 to 65532"},
        Wrong{"ListenBareIpv6",
              {"--data", "DATA", "--listen", "::1:7100"},
              "write an IPv6 address in brackets, as [::1]:7100"},
        Wrong{"ListenUnknownHost",
              {"--data", "DATA", "--listen", "a..b:7100", "--log-level", "error"},
              "the host \"a..b\" cannot be resolved; check --listen"},
        Wrong{"WildcardWithoutAdvertise",
              {"--data", "DATA", "--listen", "*:7100"},
              "say with --advertise HOST:PORT how others reach this node"},
        Wrong{"WildcardAdvertised",
              {"--data", "DATA", "--advertise", "*:7100"},
              "--advertise must name this machine, not every interface"},
        Wrong{"BadJoin", {"--data", "DATA", "--join", "somewhere"}, "--join: \"somewhere\" is not HOST:PORT"},
        Wrong{"BadDurability",
              {"--data", "DATA", "--durability", "often"},
              "storage.durability is \"sync\" or \"relaxed\", not \"often\""},
        Wrong{"BadWeight", {"--data", "DATA", "--weight", "2x"}, "node.weight is a whole number, not \"2x\""},
        Wrong{"WeightOutOfRange", {"--data", "DATA", "--weight", "0"}, "node.weight is 0; it must be from 1 to 65535"},
        Wrong{"BadLogLevel", {"--data", "DATA", "--log-level", "inf"}, "did you mean \"info\"?"},
        Wrong{"UnknownVariable",
              {"--data", "DATA"},
              "the environment sets SHOALD_X, which is no setting",
              {"SHOALD_X=1"}},
        Wrong{"MistypedVariable",
              {"--data", "DATA"},
              "did you mean \"SHOALD_STORAGE_DURABILITY\"?",
              {"SHOALD_STORAGE_DURABILTY=sync"}},
        Wrong{"BadVariable",
              {"--data", "DATA"},
              "environment SHOALD_NODE_WEIGHT: node.weight is a whole number",
              {"SHOALD_NODE_WEIGHT=heavy"}},
        Wrong{"MissingConfigFile",
              {"--data", "DATA", "--config", "/nowhere/shoald.toml"},
              "/nowhere/shoald.toml cannot be read"}),
    [](const auto& wrong) { return wrong.param.name; });

TEST_F(CommandLine, AnUnknownSettingIsNamedWithItsLineAndTheNearestOne) {
  const std::string file = config_file("[node]\nname = \"a\"\n\n[storage]\ndurabilty = \"sync\"\n");
  expect_refusal(shoald({"--data", data(), "--config", file}),
                 "line 5: there is no setting \"storage.durabilty\"; did you mean \"storage.durability\"?");
}

TEST_F(CommandLine, AFileThatIsNotTomlIsNamedWithTheLine) {
  expect_refusal(shoald({"--data", data(), "--config", config_file("[node]\nname\n")}), "line 2: ");
}

TEST_F(CommandLine, CheckConfigSaysWhatIsWrongAndElseThatAllIsWellAndStartsNothing) {
  expect_refusal(shoald({"--data", data(), "--check-config", "--config", config_file("[log]\nlevel = \"loud\"\n")}),
                 "log.level is trace, debug, info, warn or error, not \"loud\"");
  const Outcome valid =
      shoald({"--data", data(), "--check-config", "--config", config_file("[log]\nlevel = \"warn\"\n")});
  EXPECT_EQ(valid.code, 0) << valid;
  EXPECT_EQ(valid.out, "the configuration is valid\n");
  EXPECT_FALSE(left_a_trace());
}

// Flags over environment over file, and a name with everything that TOML has to escape.
TEST_F(CommandLine, WhatPrintConfigPrintsIsAFileThatSaysTheSame) {
  const std::string name = "a \"quoted\" 'name' \\ with\ttab and ü";
  const Outcome printed = shoald({"--data", data(), "--name", name, "--weight", "7", "--print-config", "--config",
                                  config_file("[node]\nweight = 5\nzone = \"z1\"\n[cluster]\nreplicas = 5\n")},
                                 {"SHOALD_NODE_WEIGHT=6", "SHOALD_NODE_ZONE=z2"});
  EXPECT_EQ(printed.code, 0) << printed;
  EXPECT_THAT(printed.out, HasSubstr("weight = 7\n"));
  EXPECT_THAT(printed.out, HasSubstr("zone = 'z2'\n"));
  EXPECT_THAT(printed.out, HasSubstr("replicas = 5\n"));
  const std::string file = config_file(printed.out);
  EXPECT_EQ(shoald({"--print-config", "--config", file}).out, printed.out);
  EXPECT_EQ(shoald({"--check-config", "--config", file}).code, 0);
  EXPECT_FALSE(left_a_trace());
}

TEST_F(CommandLine, HelpAndVersionAreNoMistakes) {
  const Outcome help = shoald({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("--reset-identity"));
  const Outcome version = shoald({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, StartsWith("shoald "));
}

}  // namespace
}  // namespace shoal::test
