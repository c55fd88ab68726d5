#include "bench/store/put_loop.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "node/core/state_digest.h"
#include "vclock/record.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kRefusedPatience{30};
constexpr Incarnation kWriter{(std::uint64_t{1} << Incarnation::kRandomBits) + 7};

// The halves of splitmix64: slots are spread as a keyed hash spreads them.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

Slot slot_of(std::uint64_t key) { return {.hi = mixed(2 * key), .lo = mixed(2 * key + 1)}; }

class PutLoop {
 public:
  PutLoop(PutTarget& target, const PutLoad& load)
      : target_(target), load_(load), rng_(load.seed), next_key_(load.first_key), value_(load.value_bytes, '.') {
    for (char& byte : value_) byte = static_cast<char>(rng_.next());
  }

  Result<PutOutcome> run() {
    begun_ = Clock::now();
    counted_from_ = begun_ + std::chrono::duration_cast<Clock::duration>(load_.warm_up);
    until_ = counted_from_ + std::chrono::duration_cast<Clock::duration>(load_.duration);
    last_admitted_ = begun_;
    while (!over()) {
      if (const Status turned = turn(); !turned) return turned.error();
      wait();
    }
    finish();
    return std::move(outcome_);
  }

 private:
  struct Open {
    CommitId commit;
    Clock::time_point begun;
  };

  [[nodiscard]] bool done() const {
    const bool all = load_.each_key_once && next_key_ == load_.first_key + load_.keys;
    return all || counter_ >= load_.puts_max || Clock::now() >= until_;
  }
  [[nodiscard]] bool over() const { return done() && open_.empty(); }

  Status turn() {
    if (const std::optional<CommitId> durable = target_.collect()) answer(*durable);
    refused_ = false;
    const Clock::time_point now = Clock::now();
    while (open_.size() < load_.inflight && !done()) {
      if (const Status admitted = target_.admit(); !admitted) {
        refused_ = true;
        ++outcome_.refused;
        if (now - last_admitted_ > kRefusedPatience) return admitted;
        break;
      }
      last_admitted_ = now;
      if (const Status put = put_one(now); !put) return put;
    }
    target_.flush();
    if (!target_.waits_for_sync()) answer(CommitId{~std::uint64_t{0}});
    return Unit{};
  }

  Status put_one(Clock::time_point now) {
    const std::uint64_t key = load_.each_key_once ? next_key_++ : rng_.below(load_.keys);
    const Place place(slot_of(key));
    const Result<EntryPtr> held = target_.read(place);
    if (!held) return held.error();
    Entry entry = *held ? **held : Entry{.key = {.bucket = "default", .name = fmt::format("key:{:09}", key)}};
    ++counter_;
    shoal::put(Kind::siblings, entry.record, entry.ownership,
               {.seen = entry.record.clock,
                .hlc = {.value = counter_ << 16},
                .request = {.client = 1, .sequence = counter_},
                .value = Blob(value_)},
               {.incarnation = kWriter, .counter = counter_});
    if (load_.digests) entry.digest = state_digest(place.slot, entry.record);
    open_.push_back({target_.write(place, std::make_shared<const Entry>(std::move(entry))), now});
    return Unit{};
  }

  // Commits grow: what is durable stands in front.
  void answer(CommitId durable) {
    const Clock::time_point now = Clock::now();
    for (; !open_.empty() && open_.front().commit <= durable; open_.pop_front())
      if (now >= counted_from_) count(now, now - open_.front().begun);
  }

  void count(Clock::time_point now, Clock::duration latency) {
    ++outcome_.puts;
    outcome_.latency.record(latency);
    const auto second = static_cast<std::size_t>(std::chrono::duration<double>(now - counted_from_).count());
    if (outcome_.per_second.size() <= second) outcome_.per_second.resize(second + 1);
    ++outcome_.per_second[second];
  }

  // For news; a refused client asks again after a millisecond.
  void wait() {
    const bool idle = open_.size() >= load_.inflight || refused_ || (done() && !open_.empty());
    pollfd news{.fd = target_.event_fd(), .events = POLLIN, .revents = 0};
    if (idle) ::poll(&news, 1, refused_ ? 1 : 100);
  }

  void finish() {
    const auto whole = static_cast<std::size_t>(load_.duration.count());
    if (outcome_.per_second.size() > whole) outcome_.per_second.resize(whole);
    outcome_.seconds = std::chrono::duration<double>(Clock::now() - counted_from_).count();
  }

  PutTarget& target_;
  const PutLoad& load_;
  Rng rng_;
  std::uint64_t next_key_;
  std::string value_;
  std::uint64_t counter_ = 0;
  std::deque<Open> open_;
  bool refused_ = false;
  Clock::time_point begun_;
  Clock::time_point counted_from_;
  Clock::time_point until_;
  Clock::time_point last_admitted_;
  PutOutcome outcome_;
};

}  // namespace

Result<PutOutcome> run_puts(PutTarget& target, const PutLoad& load) { return PutLoop(target, load).run(); }

Status fill_keys(PutTarget& target, std::uint64_t keys, std::size_t value_bytes) {
  const Result<PutOutcome> filled =
      run_puts(target, {.keys = keys, .each_key_once = true, .value_bytes = value_bytes, .inflight = 4096});
  return filled ? Status(Unit{}) : Status(filled.error());
}

}  // namespace shoal
