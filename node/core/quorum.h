// Quorum: who has answered, and is it enough? Decides; sends nothing.
//
// A request has one seat for every owner of the key. An owner that is missing may be stood in for by a fallback (the
// sloppy quorum); its seat then counts once, whoever of the two answers, so acknowledgements count distinct nodes. A
// refusal is final only until the same node acknowledges after all (a resent question may find it recovered).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "node/base/ids.h"
#include "node/base/result.h"

namespace shoal {

class Quorum {
 public:
  enum class Verdict : std::uint8_t { waiting, enough, impossible };

  // `needed` seats must be answered for, `primaries` of them by the owner itself.
  // Precondition: 1 <= needed <= owners.size(), 0 <= primaries <= owners.size().
  Quorum(std::span<const NodeId> owners, int needed, int primaries = 0);

  // From now on `fallback` may answer for the owner. It takes the place of an earlier stand-in, unless that one has
  // acknowledged: then nothing changes.
  void stand_in(NodeId owner, NodeId fallback);

  // Ignored unless `from` is an owner or stands in for one.
  void acknowledge(NodeId from);
  void refuse(NodeId from);
  [[nodiscard]] bool acknowledged(NodeId from) const;
  // Who stands in for the owner now; 0: nobody.
  [[nodiscard]] NodeId stand_in_of(NodeId owner) const;
  // The owner for which `node` stands in now.
  [[nodiscard]] std::optional<NodeId> stands_in_for(NodeId node) const;

  // `impossible`: too many seats were refused by everybody who was asked to answer for them.
  [[nodiscard]] Verdict verdict() const;
  [[nodiscard]] int acks() const;
  // Of the acknowledged seats, those that no owner has answered for yet.
  [[nodiscard]] int stand_ins() const;
  [[nodiscard]] int needed() const { return needed_; }
  // Owners that have not acknowledged, whether or not somebody stands in for them.
  [[nodiscard]] std::vector<NodeId> missing() const;
  // Owners for whose seat nobody has acknowledged.
  [[nodiscard]] std::vector<NodeId> unsettled() const;
  // Those who were asked and have not answered: owners and stand-ins.
  [[nodiscard]] std::vector<NodeId> silent() const;

 private:
  enum class Answer : std::uint8_t { none, acknowledged, refused };
  struct Voice {
    NodeId node;  // 0: nobody
    Answer answer = Answer::none;
    [[nodiscard]] bool is(Answer wanted) const { return node.value != 0 && answer == wanted; }
  };
  struct Seat {
    Voice owner;
    Voice stand_in;
    [[nodiscard]] bool settled() const { return owner.is(Answer::acknowledged) || stand_in.is(Answer::acknowledged); }
    [[nodiscard]] bool hopeless() const {
      return owner.is(Answer::refused) && (stand_in.node.value == 0 || stand_in.is(Answer::refused));
    }
  };
  Voice* voice_of(NodeId node);
  [[nodiscard]] int primary_acks() const;

  std::vector<Seat> seats_;
  int needed_ = 0;
  int primaries_ = 0;
};

// How many replies a request asks for: 0 is a majority of the owners, -1 all of them. Errc::invalid when it asks for
// more replicas than there are.
Result<int> replies_needed(int asked, std::size_t owners);

}  // namespace shoal
