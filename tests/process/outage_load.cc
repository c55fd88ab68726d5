#include "tests/process/outage_load.h"

#include <algorithm>
#include <utility>

namespace shoal::test {
namespace {

constexpr int kLanes = 4;
constexpr std::size_t kWindow = 8;
constexpr std::size_t kKeysOfLane = 300;
constexpr std::size_t kWritesMax = 60;  // of one key; afterwards it is read
constexpr std::size_t kFailuresKept = 20;
constexpr std::chrono::milliseconds kPace{20};  // from one window to the next

Options options_for(const std::vector<std::string>& seeds, std::chrono::milliseconds deadline) {
  return {.seeds = seeds, .timeout = deadline, .r = 2, .w = 2};
}

}  // namespace

OutageLoad::OutageLoad(const std::vector<std::string>& seeds, std::uint64_t seed, std::chrono::milliseconds deadline)
    : client_(options_for(seeds, deadline)) {
  for (int i = 0; i < kLanes; ++i) {
    const std::string name = "user" + std::to_string(i) + "/";
    lanes_.push_back(Lane{.name = name, .rng = Rng(seed).fork(name), .registers = {}});
  }
  for (Lane& lane : lanes_) threads_.emplace_back([this, &lane] { run(lane); });
}

OutageLoad::~OutageLoad() { stopping_ = true; }

void OutageLoad::run(Lane& lane) {
  Async async = client_.async();
  for (Clock::time_point next = Clock::now(); !stopping_; next = std::max(next + kPace, Clock::now())) {
    std::this_thread::sleep_until(next);
    turn(lane, async);
  }
}

// A window of different keys, about half of them written.
void OutageLoad::turn(Lane& lane, Async& async) {
  std::deque<Asked<Receipt>> writes;
  std::deque<Asked<Object>> reads;
  for (Register* about : choose(lane)) {
    const bool fresh = about->writes() == 0;
    if (!fresh && (about->in_doubt() || about->writes() >= kWritesMax || lane.rng.below(2) == 0)) {
      reads.push_back({about, async.get(about->key()), Clock::now()});
    } else {
      const Register::Write write = about->begin_write();
      writes.push_back({about, async.put(about->key(), write.value, {.context = write.context}), Clock::now()});
    }
  }
  for (auto& [about, answer, when] : writes) note_write(*about, answer.get(), when);
  for (auto& [about, answer, when] : reads) note_read(*about, answer.get(), when);
}

// Neighbours from a place drawn at random: different ones for certain.
std::vector<Register*> OutageLoad::choose(Lane& lane) {
  if (lane.registers.empty())
    for (std::size_t i = 0; i < kKeysOfLane; ++i) lane.registers.emplace_back(lane.name + std::to_string(i), true);
  const std::size_t from = lane.rng.below(kKeysOfLane);
  std::vector<Register*> chosen;
  for (std::size_t i = 0; i < kWindow; ++i) chosen.push_back(&lane.registers[(from + i) % kKeysOfLane]);
  return chosen;
}

void OutageLoad::note_write(Register& written, const Result<Receipt>& outcome, Clock::time_point asked) {
  written.end_write(outcome);
  if (!outcome) return note_failure("write of " + written.key(), outcome.error(), asked);
  note_success(counts_.writes, asked);
}

void OutageLoad::note_read(Register& read, const Result<Object>& outcome, Clock::time_point asked) {
  if (!outcome) return note_failure("read of " + read.key(), outcome.error(), asked);
  const bool right = !read.complaint(outcome->siblings());
  if (right) read.saw(outcome->siblings(), outcome->context());
  note_success(counts_.reads, asked);
  if (right) return;
  const std::lock_guard lock(mutex_);
  ++counts_.behind;
}

void OutageLoad::note_success(std::uint64_t& count, Clock::time_point asked) {
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - asked);
  const std::lock_guard lock(mutex_);
  ++count;
  counts_.slowest = std::max(counts_.slowest, took);
  progress_.notify_all();
}

void OutageLoad::note_failure(const std::string& what, const Error& error, Clock::time_point asked) {
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - asked);
  const std::lock_guard lock(mutex_);
  ++counts_.failed;
  if (failures_.size() < kFailuresKept)
    failures_.push_back(what + " failed after " + std::to_string(took.count()) + " ms: " + error.message);
}

bool OutageLoad::wait_for_more(std::uint64_t answered, std::chrono::seconds patience) {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = counts_.writes + counts_.reads + answered;
  return progress_.wait_for(lock, patience, [&] { return counts_.writes + counts_.reads >= wanted; });
}

void OutageLoad::stop() {
  stopping_ = true;
  threads_.clear();
}

OutageCounts OutageLoad::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<std::string> OutageLoad::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

std::vector<std::string> OutageLoad::keys() const {
  std::vector<std::string> keys;
  for (const Lane& lane : lanes_)
    for (const Register& each : lane.registers)
      if (each.writes() > 0) keys.push_back(each.key());
  return keys;
}

std::vector<std::string> OutageLoad::verify() {
  std::vector<std::string> wrong;
  for (const Lane& lane : lanes_) {
    for (const Register& each : lane.registers) {
      const Result<Object> found = client_.get(each.key());
      if (!found) {
        wrong.push_back(each.key() + " cannot be read: " + found.error().message);
      } else if (const auto complaint = each.complaint(found->siblings())) {
        wrong.push_back(*complaint);
      }
    }
  }
  return wrong;
}

}  // namespace shoal::test
