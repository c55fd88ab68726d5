// OutageLoad: users of a cluster in which a node fails. They write and read at a steady pace through the client
// library, with its retries and a deadline, and every request that fails in their eyes is kept with its sentence.
//
// What they read is checked by Register when everything is whole again: a quorum that a fallback was part of may show
// less while hints are under way (docs/guarantees.md).
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

struct OutageCounts {
  std::uint64_t writes = 0;  // answered well
  std::uint64_t reads = 0;
  std::uint64_t behind = 0;  // of the reads: showed less than was acknowledged
  std::uint64_t failed = 0;
  std::chrono::milliseconds slowest{};  // of those that were answered well
};

class OutageLoad {
 public:
  OutageLoad(const std::vector<std::string>& seeds, std::uint64_t seed, std::chrono::milliseconds deadline);
  ~OutageLoad();

  // Waits until so many more requests are answered well; false when that takes longer.
  bool wait_for_more(std::uint64_t answered, std::chrono::seconds patience);
  void stop();

  [[nodiscard]] OutageCounts counts() const;
  [[nodiscard]] std::vector<std::string> failures() const;  // the first of them
  // After stop().
  [[nodiscard]] std::vector<std::string> keys() const;
  // Reads every key, and says what is wrong with it. After stop().
  std::vector<std::string> verify();
  Client& client() { return client_; }

 private:
  using Clock = std::chrono::steady_clock;

  // One user: a thread with keys of its own.
  struct Lane {
    std::string name;
    Rng rng;
    std::deque<Register> registers;
  };
  template <class Answer>
  struct Asked {
    Register* about;
    Pending<Answer> answer;
    Clock::time_point when;
  };

  void run(Lane& lane);
  void turn(Lane& lane, Async& async);
  static std::vector<Register*> choose(Lane& lane);
  void note_write(Register& written, const Result<Receipt>& outcome, Clock::time_point asked);
  void note_read(Register& read, const Result<Object>& outcome, Clock::time_point asked);
  void note_success(std::uint64_t& count, Clock::time_point asked);
  void note_failure(const std::string& what, const Error& error, Clock::time_point asked);

  Client client_;
  std::deque<Lane> lanes_;
  mutable std::mutex mutex_;  // guards counts_ and failures_
  std::condition_variable progress_;
  OutageCounts counts_;
  std::vector<std::string> failures_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace shoal::test
