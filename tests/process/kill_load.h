// KillLoad: writers that do not stop while nodes are killed, each with a window of requests on their way, and the check
// of everything that they see.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/shoal/client.hpp"
#include "node/base/rng.h"
#include "tests/process/register.h"

namespace shoal::test {

struct LoadCounts {
  std::uint64_t acknowledged = 0;
  std::uint64_t unsure = 0;
  std::uint64_t refused = 0;
  std::uint64_t reads = 0;  // answered and checked
};

class KillLoad {
 public:
  KillLoad(const std::vector<std::string>& seeds, std::uint64_t seed);
  ~KillLoad();

  // Waits until so many more writes are acknowledged; false when that takes longer.
  bool wait_for_more(std::uint64_t acknowledged, std::chrono::seconds patience);
  // Ends the writers, then reads every key, for as long as `patience` where nobody answers.
  void stop_and_verify(std::chrono::seconds patience);

  [[nodiscard]] LoadCounts counts() const;
  [[nodiscard]] std::uint64_t keys() const;  // after stop_and_verify()
  [[nodiscard]] std::vector<std::string> complaints() const;

 private:
  // One writer: a thread with keys of its own.
  struct Lane {
    std::string name;
    bool retries = false;
    Rng rng;
    std::deque<Register> registers;
  };

  void run(Lane& lane);
  void turn(Lane& lane, Async& async);
  static std::vector<Register*> choose(Lane& lane);
  void note_write(Register& written, const Result<Receipt>& outcome);
  bool note_read(Register& read, const Result<Object>& outcome);
  // Those that could not be read.
  std::vector<Register*> verify(const std::vector<Register*>& registers);
  void complain(const std::string& sentence);

  Client once_;      // each write is sent to one node, once
  Client retrying_;  // as users have it
  std::deque<Lane> lanes_;
  mutable std::mutex mutex_;  // guards counts_ and complaints_
  std::condition_variable progress_;
  LoadCounts counts_;
  std::vector<std::string> complaints_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace shoal::test
