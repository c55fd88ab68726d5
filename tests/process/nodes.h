// Nodes and clusters of real processes, and the `shoal` command to talk to them with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/load/local_cluster.h"
#include "tests/process/program.h"

namespace shoal::test {

struct NodeSpec {
  std::filesystem::path data;
  std::string listen;                  // HOST:PORT
  std::string name = {};               // its address when empty
  std::string join = {};               // HOST:PORT; founds a cluster when empty
  std::vector<std::string> more = {};  // further arguments
};

std::vector<std::string> command_of(const NodeSpec& spec);
// Does not wait.
Program launch(const NodeSpec& spec, const Surroundings& surroundings = {});
// Serves when this returns; a test failure when it does not become ready.
Program start_node(const NodeSpec& spec, const Surroundings& surroundings = {});

std::string loopback(std::uint16_t port);  // "127.0.0.1:PORT"

LocalCluster start_cluster(const std::filesystem::path& dir, int nodes, std::vector<std::string> arguments = {});
std::string seeds_of(const LocalCluster& cluster);  // as --seeds takes them

// The shoal command, with deadlines for a busy machine.
std::vector<std::string> shoal_command(const std::string& seeds, const std::vector<std::string>& words,
                                       const std::string& timeout = "20s");
Outcome shoal(const std::string& seeds, const std::vector<std::string>& words, const std::string& input = {});

// `-o json status`; null when nobody answers.
nlohmann::json status_of(const std::string& seeds);
// The member with this name in such a status; null when there is none.
nlohmann::json member_of(const nlohmann::json& status, const std::string& name);
// True when the status says: so many members, healthy.
bool is_healthy(const std::string& seeds, std::size_t members);

}  // namespace shoal::test
