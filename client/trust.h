// Trust: whether a node is asked first, later, or only when no other is left.
//
// A node that was lost, or of which nothing was heard since it was asked, is doubted: it may hang. A Hello, one a
// second at most, asks whether it lives, and whatever comes from it ends the doubt. So a node that hangs costs those
// whose requests were on their way to it, and nobody else.
//
// A node that is heard of, and silent all the same, is slow at something: one whose disk is stuck greets and reads from
// memory as if nothing were wrong. It takes requests of the kind that it was silent about one at a time, until it has
// answered one of that kind.
#pragma once

#include <array>
#include <cstdint>

#include "node/base/ids.h"
#include "node/base/time.h"

namespace shoal::client_detail {

enum class Kind : std::uint8_t { read, write };  // write: a put; read: all else

template <class T>
class PerKind {
 public:
  T& operator[](Kind kind) { return of_[static_cast<std::size_t>(kind)]; }
  const T& operator[](Kind kind) const { return of_[static_cast<std::size_t>(kind)]; }

 private:
  std::array<T, 2> of_{};
};

class Trust {
 public:
  static constexpr Duration kProbeEvery = std::chrono::seconds(1);

  enum class Grade : std::uint8_t { good, busy_with_trial, doubtful };  // best first

  // ---- what happens
  void asked(CallId call, Kind kind) {
    Slow& slow = slow_[kind];
    if (slow.slow && slow.trial == CallId{}) slow.trial = call;
  }
  // `since`: when it was asked; kNever: there was no connection to ask it by.
  void silent(CallId call, Kind kind, Instant since) {
    slow_[kind].slow = true;
    if (heard_at_ <= since) doubtful_ = true;
    ended(call, kind);
  }
  void ended(CallId call, Kind kind) {  // nobody waits for this answer any longer
    if (slow_[kind].trial == call) slow_[kind].trial = CallId{};
  }
  void heard(Instant now) {
    doubtful_ = false;
    heard_at_ = now;
  }
  void answered(Kind kind) { slow_[kind].slow = false; }
  void lost() { doubtful_ = true; }
  void connected() {  // another life of it, maybe
    doubtful_ = false;
    slow_ = {};
  }

  // ---- what follows from it
  [[nodiscard]] Grade grade(Kind kind) const {
    if (doubtful_) return Grade::doubtful;
    return slow_[kind].slow && slow_[kind].trial != CallId{} ? Grade::busy_with_trial : Grade::good;
  }
  // Is a Hello due? True once for each.
  bool take_probe(Instant now) {
    if (!doubtful_ || now < probe_at_) return false;
    probe_at_ = now + kProbeEvery;
    return true;
  }

 private:
  struct Slow {
    bool slow = false;
    CallId trial;  // the one request that tries whether it still is
  };

  bool doubtful_ = false;
  PerKind<Slow> slow_;
  Instant heard_at_ = Instant::min();
  Instant probe_at_{};  // no Hello before
};

}  // namespace shoal::client_detail
