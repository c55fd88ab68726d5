#include "tests/process/nodes.h"

#include <gtest/gtest.h>

#include <utility>

namespace shoal::test {

std::vector<std::string> command_of(const NodeSpec& spec) {
  std::vector<std::string> command{shoald_program(), "--data", spec.data.string(), "--listen", spec.listen};
  if (!spec.name.empty()) command.insert(command.end(), {"--name", spec.name});
  if (!spec.join.empty()) command.insert(command.end(), {"--join", spec.join});
  command.insert(command.end(), spec.more.begin(), spec.more.end());
  return command;
}

Program launch(const NodeSpec& spec, const Surroundings& surroundings) {
  return Program::start(command_of(spec), surroundings);
}

Program start_node(const NodeSpec& spec, const Surroundings& surroundings) {
  Program node = launch(spec, surroundings);
  EXPECT_TRUE(node.says("shoald ready")) << node.err();
  return node;
}

std::string loopback(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

LocalCluster start_cluster(const std::filesystem::path& dir, int nodes, std::vector<std::string> arguments) {
  LocalClusterOptions options{
      .shoald = shoald_program(), .dir = dir, .nodes = nodes, .arguments = std::move(arguments)};
  return LocalCluster::start(std::move(options)).value();  // throws the sentence when it fails
}

std::string seeds_of(const LocalCluster& cluster) {
  std::string joined;
  for (const std::string& seed : cluster.seeds()) joined += (joined.empty() ? "" : ",") + seed;
  return joined;
}

std::vector<std::string> shoal_command(const std::string& seeds, const std::vector<std::string>& words,
                                       const std::string& timeout) {
  std::vector<std::string> command{shoal_program(), "--seeds", seeds, "--timeout", timeout};
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

Outcome shoal(const std::string& seeds, const std::vector<std::string>& words, const std::string& input) {
  return run(shoal_command(seeds, words), {.input = input, .environment = {}});
}

nlohmann::json status_of(const std::string& seeds) {
  const Outcome asked = run(shoal_command(seeds, {"-o", "json", "status"}, "3s"));
  auto status = nlohmann::json::parse(asked.out, nullptr, false);
  return status.is_object() && status.contains("members") ? status : nlohmann::json();
}

nlohmann::json member_of(const nlohmann::json& status, const std::string& name) {
  if (!status.is_object()) return {};
  for (const nlohmann::json& member : status["members"])
    if (member["name"] == name) return member;
  return {};
}

bool is_healthy(const std::string& seeds, std::size_t members) {
  const nlohmann::json status = status_of(seeds);
  return status.is_object() && status["healthy"] == true && status["members"].size() == members;
}

}  // namespace shoal::test
