// The kill loop: three nodes in `sync` under load; one of them, or all at once, is killed with SIGKILL again and again
// and started again. Every acknowledged write must be readable afterwards with r = 2, nothing wrong, nothing that was
// refused; what was not confirmed may be there or not (register.h). While one node is down, writes must go on.
//
// The seed decides who is killed after how many writes, and what is written; the machine decides the rest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "node/base/result.h"
#include "tests/process/kill_load.h"

namespace shoal::test {

enum class Victims : std::uint8_t { one, all };

struct KillOptions {
  std::filesystem::path shoald;  // the program
  std::filesystem::path dir;     // for data and logs
  std::uint64_t seed = 1;
  int rounds = 15;
  Victims victims = Victims::one;
  std::vector<std::string> arguments = {"--durability", "sync"};  // of every node
  // What becomes of the data folder of a node that was killed, before it starts again. Empty: nothing.
  std::function<void(const std::filesystem::path& data)> meanwhile;
};

struct KillReport {
  std::uint64_t kills = 0;
  std::uint64_t keys = 0;
  LoadCounts counts;
  std::vector<std::string> violations;
};

// An error when the cluster did not even start.
Result<KillReport> run_kill_loop(const KillOptions& options);

// Many loops in a row.
struct KillBatch {
  std::uint64_t first_seed = 0;
  std::uint64_t last_seed = 0;
  std::uint64_t loops = 0;
  std::uint64_t rounds = 0;
  std::vector<std::uint64_t> failing_seeds;
  KillReport sum;

  void add(const KillOptions& options, const KillReport& report);
};

// For a line of the soak log.
nlohmann::ordered_json facts_of(const KillBatch& batch);

}  // namespace shoal::test
