// Quorum: who has answered, and is it enough? Decides; sends nothing.
//
// Acknowledgements count distinct owners. A refusal is final only until the same owner acknowledges after all (a
// resent question may find it recovered).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "node/base/ids.h"
#include "node/base/result.h"

namespace shoal {

class Quorum {
 public:
  enum class Verdict : std::uint8_t { waiting, enough, impossible };

  // Precondition: 1 <= needed <= owners.size().
  Quorum(std::span<const NodeId> owners, int needed);

  // Both are ignored unless `from` is an owner.
  void acknowledge(NodeId from);
  void refuse(NodeId from);
  [[nodiscard]] bool acknowledged(NodeId from) const;

  [[nodiscard]] Verdict verdict() const;
  [[nodiscard]] int acks() const;
  [[nodiscard]] int needed() const { return needed_; }
  // Owners that have not acknowledged.
  [[nodiscard]] std::vector<NodeId> missing() const;

 private:
  enum class Answer : std::uint8_t { none, acknowledged, refused };
  struct Seat {
    NodeId owner;
    Answer answer = Answer::none;
  };
  Seat* seat_of(NodeId node);
  [[nodiscard]] int count(Answer answer) const;

  std::vector<Seat> seats_;
  int needed_ = 0;
};

// How many replies a request asks for: 0 is a majority of the owners, -1 all of them. Errc::invalid when it asks for
// more replicas than there are.
Result<int> replies_needed(int asked, std::size_t owners);

}  // namespace shoal
