// A pair of nodes with real stores in one process, and what it costs them to become equal.
//
// One thread gives the two their turns and carries their frames, encoded and decoded as they are between machines.
// Without a network, so a round trip takes no time; the threads of the stores write in the background.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "node/core/node.h"
#include "node/io/storage/disk_store.h"
#include "node/wire/frame.h"

namespace shoal {

struct PairCost {
  std::uint64_t metadata_bytes = 0;  // frames that carry no state
  std::uint64_t state_bytes = 0;     // frames that do
  std::uint64_t messages = 0;
  std::uint64_t states = 0;
  std::uint64_t round_trips = 0;        // questions before the one that brought or took the first state
  double seconds = 0;                   // until the pair was proven equal
  std::array<double, 2> cpu_seconds{};  // asker, answerer; without the stores' threads
};

class Pair {
 public:
  Pair(const std::filesystem::path& dir, std::uint64_t records, std::size_t value_bytes);

  // Both hold the same records.
  Status load();
  // So many of the records are newer at one of the two, alternately, evenly spread.
  Status make_differ(std::uint64_t differences);
  // The first node compares itself with the second until they are proven equal.
  Result<PairCost> repair();

 private:
  // Hears when a session has ended with both equal.
  struct Ear final : Trace {
    std::uint64_t equal = 0;
    void mark(Mark mark) override { equal += mark == Mark::repair_found_equal ? 1 : 0; }
  };
  struct Side {
    NodeId id;
    std::unique_ptr<DiskStore> store;
    Ear ear;
    std::unique_ptr<Node> node;
    double cpu_seconds = 0;
  };

  Status write(std::initializer_list<Side*> to, std::uint64_t record, std::uint64_t version);
  static Status settle(Side& side);
  bool turn(Side& side, const std::vector<Envelope>& arrived);
  void carry(Side& from, Side& to, const std::vector<Envelope>& sent);
  void count(const Message& message, std::size_t bytes);

  const std::uint64_t records_;
  const std::string value_;
  Membership document_;
  std::array<Side, 2> sides_;
  std::array<std::vector<Envelope>, 2> in_flight_;
  PairCost cost_;
  std::uint64_t transfers_ = 0;
  std::uint64_t versions_ = 1;
};

}  // namespace shoal
