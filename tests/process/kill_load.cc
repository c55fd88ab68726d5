#include "tests/process/kill_load.h"

#include <utility>

namespace shoal::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLanes = 4;
constexpr std::size_t kWindow = 8;
constexpr std::size_t kVerifyWindow = 64;
constexpr std::size_t kWritesMax = 30;  // of one key
constexpr std::size_t kComplaintsMax = 20;
// Long, so that nothing but a death makes a writer unsure.
constexpr std::chrono::seconds kTimeout{10};

Options options_for(const std::vector<std::string>& seeds, int retries) {
  return {.seeds = seeds, .timeout = kTimeout, .r = Copies::majority(), .w = Copies::majority(), .retries = retries};
}

struct Writing {
  Register* target;
  Pending<Receipt> receipt;
};
struct Reading {
  Register* target;
  Pending<Object> object;
};

}  // namespace

KillLoad::KillLoad(const std::vector<std::string>& seeds, std::uint64_t seed)
    : once_(options_for(seeds, 0)), retrying_(options_for(seeds, Options{}.retries)) {
  for (int i = 0; i < kLanes; ++i) {
    const std::string name = "lane" + std::to_string(i) + "/";
    lanes_.push_back(Lane{.name = name, .retries = i % 2 == 1, .rng = Rng(seed).fork(name), .registers = {}});
  }
  for (Lane& lane : lanes_) threads_.emplace_back([this, &lane] { run(lane); });
}

KillLoad::~KillLoad() { stopping_ = true; }

void KillLoad::run(Lane& lane) {
  Async async = (lane.retries ? retrying_ : once_).async();
  while (!stopping_) turn(lane, async);
}

// A window of different keys, half of them new: written, or read where the writer is in doubt, and now and then anyway.
void KillLoad::turn(Lane& lane, Async& async) {
  std::deque<Writing> writes;
  std::deque<Reading> reads;
  for (Register* target : choose(lane)) {
    if (target->in_doubt() || (target->writes() > 0 && lane.rng.below(4) == 0)) {
      reads.push_back(Reading{target, async.get(target->key())});
    } else {
      const Register::Write write = target->begin_write();
      writes.push_back(Writing{target, async.put(target->key(), write.value, {.context = write.context})});
    }
  }
  for (Writing& writing : writes) note_write(*writing.target, writing.receipt.get());
  for (Reading& reading : reads) note_read(*reading.target, reading.object.get());
}

std::vector<Register*> KillLoad::choose(Lane& lane) {
  std::vector<Register*> chosen;
  const std::size_t old = lane.registers.size();
  if (old > 0) {
    // Neighbours from a place drawn at random: different ones for certain.
    const std::size_t from = lane.rng.below(old);
    for (std::size_t i = from; i < old && chosen.size() < kWindow / 2; ++i)
      if (lane.registers[i].writes() < kWritesMax) chosen.push_back(&lane.registers[i]);
  }
  while (chosen.size() < kWindow) {
    lane.registers.emplace_back(lane.name + std::to_string(lane.registers.size()), lane.retries);
    chosen.push_back(&lane.registers.back());
  }
  return chosen;
}

void KillLoad::note_write(Register& written, const Result<Receipt>& outcome) {
  written.end_write(outcome);
  const std::lock_guard lock(mutex_);
  if (outcome) {
    ++counts_.acknowledged;
    progress_.notify_all();
  } else {
    ++(outcome.error().maybe_applied() ? counts_.unsure : counts_.refused);
  }
}

// False when nobody answered.
bool KillLoad::note_read(Register& read, const Result<Object>& outcome) {
  if (!outcome) return false;
  const std::optional<std::string> wrong = read.complaint(outcome->siblings());
  if (wrong) {
    complain(*wrong);
  } else {
    read.saw(outcome->siblings(), outcome->context());
  }
  const std::lock_guard lock(mutex_);
  ++counts_.reads;
  return true;
}

void KillLoad::complain(const std::string& sentence) {
  const std::lock_guard lock(mutex_);
  if (complaints_.size() < kComplaintsMax) complaints_.push_back(sentence);
}

bool KillLoad::wait_for_more(std::uint64_t acknowledged, std::chrono::seconds patience) {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = counts_.acknowledged + acknowledged;
  return progress_.wait_for(lock, patience, [&] { return counts_.acknowledged >= wanted; });
}

void KillLoad::stop_and_verify(std::chrono::seconds patience) {
  stopping_ = true;
  threads_.clear();
  std::vector<Register*> left;
  for (Lane& lane : lanes_)
    for (Register& each : lane.registers) left.push_back(&each);
  const Clock::time_point give_up = Clock::now() + patience;
  for (left = verify(left); !left.empty() && Clock::now() < give_up;) left = verify(left);
  for (const Register* unread : left) complain(unread->key() + " cannot be read");
}

std::vector<Register*> KillLoad::verify(const std::vector<Register*>& registers) {
  Async async = retrying_.async();
  std::vector<Register*> silent;
  std::deque<Reading> window;
  const auto settle = [&] {
    Reading reading = std::move(window.front());
    window.pop_front();
    if (!note_read(*reading.target, reading.object.get())) silent.push_back(reading.target);
  };
  for (Register* each : registers) {
    window.push_back(Reading{each, async.get(each->key())});
    if (window.size() >= kVerifyWindow) settle();
  }
  while (!window.empty()) settle();
  return silent;
}

LoadCounts KillLoad::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::uint64_t KillLoad::keys() const {
  std::uint64_t keys = 0;
  for (const Lane& lane : lanes_) keys += lane.registers.size();
  return keys;
}

std::vector<std::string> KillLoad::complaints() const {
  const std::lock_guard lock(mutex_);
  return complaints_;
}

}  // namespace shoal::test
