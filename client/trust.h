// Trust: whether a node is asked first, or only when no other is left.
//
// A node that is lost or silent is doubted. A Hello, one a second at most, asks whether it lives: who hangs costs those
// whose requests were on their way to it, and nobody else. Whatever comes from it ends the doubt.
//
// A node whose disk is stuck greets, and reads from memory, as if nothing were wrong. So a node that was silent about a
// write takes writes one at a time, until it has answered one.
#pragma once

#include "node/base/ids.h"
#include "node/base/time.h"

namespace shoal::client_detail {

class Trust {
 public:
  static constexpr Duration kProbeEvery = std::chrono::seconds(1);

  // ---- what happens
  void asked(CallId call, bool write) {
    if (write && doubtful_writes_) trial_ = call;
  }
  void silent(CallId call, bool write) {
    doubtful_ = true;
    doubtful_writes_ = doubtful_writes_ || write;
    ended(call);
  }
  void ended(CallId call) {  // nobody waits for this answer any longer
    if (trial_ == call) trial_ = CallId{};
  }
  void heard() { doubtful_ = false; }
  void heard_of_write() { doubtful_writes_ = false; }
  void lost() { doubtful_ = true; }
  void connected() {  // another life of it, maybe
    doubtful_ = false;
    doubtful_writes_ = false;
  }

  // ---- what follows from it
  [[nodiscard]] bool first_choice(bool write) const {
    return !doubtful_ && (!write || !doubtful_writes_ || trial_ == CallId{});
  }
  // Is a Hello due? True once for each.
  bool take_probe(Instant now) {
    if (!doubtful_ || now < probe_at_) return false;
    probe_at_ = now + kProbeEvery;
    return true;
  }

 private:
  bool doubtful_ = false;
  bool doubtful_writes_ = false;
  CallId trial_;        // the one write that tries whether it takes writes again
  Instant probe_at_{};  // no Hello before
};

}  // namespace shoal::client_detail
