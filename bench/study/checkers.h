// Checkers: what a run's history says about the store's promises.
//
// They read a Recording alone, so forged histories test them, and they judge by what clients knew: a write replaces
// what its context had been given with, and what those replaced in turn. Nothing of the store is asked.
//
//   lost             an acknowledged put is returned at the end, or covered by what is, or by a delete
//   resurrection     what an acknowledged write had seen and replaced is not there at the end, nor ever beside it
//   invention        whatever is returned was written, to that key, by a put that did not certainly fail
//   sessions         read your writes and monotonic reads, of clients in a session
//   linearizability  of each key in a strong bucket, one order explains what all clients were told
//   convergence      after healing all owners hold the same; only noted where the study switched repair off,
//                    undecided where it left repair no time
//   evidence         the run had no trouble of its own and did enough to say something
//
// Operations of unknown outcome count as maybe applied, wherever that makes a run right. A write that was sent again
// may have landed twice, the second time beside what replaced the first: it is excused from `resurrection`. Where a
// fault destroyed copies for good, what would be a loss, a resurrection or a broken session is undecided.
//
// A bucket that keeps the last writer alone drops concurrent writes: that is no loss (measures count it as dropped),
// and its sessions are only held to what contexts and earlier reads say about the order. So it is with strong buckets,
// whose order linearizability judges.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/study/recording.h"

namespace shoal::study {

// Ascending: of two the worse one counts.
enum class Judgement : std::uint8_t { valid, undecided, invalid };
std::string_view name_of(Judgement judgement);

struct Check {
  // Of a check's sentences only the first are kept; violations counts all.
  static constexpr std::size_t kSentencesMax = 20;

  std::string name;
  Judgement judgement = Judgement::valid;
  std::uint64_t examined = 0;          // cases: writes, values, reads, keys
  std::uint64_t violations = 0;        // and what was undecided, when the judgement is undecided
  std::vector<std::string> sentences;  // name the operations
};

struct Verdict {
  std::vector<Check> checks;  // always all of them, in the order above
  // The worst of all.
  [[nodiscard]] Judgement judgement() const;
};

Verdict check(const Recording& recording);

// "put 17 of k0 by client 3 at 1.250 s (ok)"
std::string describe(const Recording& recording, const Operation& operation);

}  // namespace shoal::study
