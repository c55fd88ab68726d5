// Open loop: requests leave at the times at which a rate says, whether or not earlier ones were answered, and latency
// counts from the moment at which a request was meant to leave. What users of a system that stalls would see; a closed
// loop stops asking while it stalls ("coordinated omission", G. Tene).
//
// Bounded: beyond `open_max` requests in flight a request is not sent and counts as an error.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/load/histogram.h"
#include "client/shoal/client.hpp"

namespace shoal {

struct OpenLoopOptions {
  double per_second = 1000;  // every other one is a put, the others gets
  std::string put_prefix = "open:";
  std::string get_prefix = "key:";  // keys that fill() wrote
  std::uint64_t keys = 20'000;
  std::size_t value_bytes = 100;
  std::size_t open_max = 20'000;
};

struct OpenLoopResult {
  std::string phase;
  Histogram puts, gets;
  std::uint64_t errors = 0;
  std::string first_error;
};

class OpenLoop {
 public:
  // Sends from now on, in the first phase. The client must allow `open_max` requests in flight.
  OpenLoop(Client& client, OpenLoopOptions options, std::string phase);
  ~OpenLoop();
  OpenLoop(const OpenLoop&) = delete;
  OpenLoop& operator=(const OpenLoop&) = delete;

  // What is meant to leave from now on belongs to a new phase.
  void begin(std::string phase);
  // Sends no more, waits for the answers; the phases in order.
  std::deque<OpenLoopResult> finish();

 private:
  using Clock = std::chrono::steady_clock;

  void run(const std::stop_token& stop);
  void issue(std::uint64_t number, Clock::time_point intended);
  void put(std::uint64_t key, OpenLoopResult& phase, Clock::time_point intended);
  void get(std::uint64_t key, OpenLoopResult& phase, Clock::time_point intended);
  // The phase to charge, or nullptr when too many are open.
  OpenLoopResult* admit();
  void done(OpenLoopResult& phase, Histogram& latency, Clock::time_point intended, const Error* error);

  Async async_;
  const OpenLoopOptions options_;
  const std::string value_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable idle_;
  std::vector<Context> contexts_;  // of the last put, by key
  std::deque<OpenLoopResult> phases_;
  std::size_t open_ = 0;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace shoal
