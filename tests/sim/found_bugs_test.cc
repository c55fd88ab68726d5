// Bugs that seeds have found, each as the shortest scenario that shows it.
#include <gtest/gtest.h>

#include "node/core/state_digest.h"
#include "tests/sim/lonely_node.h"

namespace shoal::sim {
namespace {

const Key kKey{"default", "k"};

RecordPtr state_of_peer() {
  Record record;
  Ownership ownership;
  put(Kind::siblings, record, ownership, Write{{}, Hlc{}, RequestId{1, 1}, false, Blob("v")},
      Minter{Incarnation::of(1, 2), 1});
  return std::make_shared<const Record>(std::move(record));
}

// A coordinator that could not read its own copy asked itself again at once, without end.
TEST(FoundBugs, AListingWithAnUnreadableRecordAsksTheOthersOnce) {
  LonelyNode lonely(three_members(false));
  lonely.ledger.born(0, Incarnation::of(1, 2));
  lonely.receive(kPeer, Replicate{{1}, {1}, kKey, state_of_peer()});
  lonely.store.set_unreadable(lonely.slot(kKey), true);
  const PartitionId partition = lonely.node.ring()->partition_of(lonely.slot(kKey));
  const auto outbox =
      lonely.receive(ClientHandle{1},
                     ListRequest{.call = {5}, .bucket = "default", .prefix = {}, .partition = partition, .after = {}});
  EXPECT_EQ(only_of<FetchKeys>(outbox).size(), 2u);
}

// A state that is already here is acknowledged with its own, older commit, while a document waits for a newer one.
TEST(FoundBugs, AnAcknowledgementMayFollowADocument) {
  LonelyNode lonely(three_members(true));
  lonely.ledger.born(0, Incarnation::of(1, 2));
  lonely.receive(kPeer, Replicate{{1}, {1}, kKey, state_of_peer()});
  lonely.store.pump(lonely.instant);  // the first commit is on its way, a second one fills
  Member newcomer{.id = NodeId{9}, .name = "new", .address = "new:1", .zone = "z"};
  lonely.receive(ClientHandle{1}, Join{{7}, newcomer, false});
  EXPECT_TRUE(only_of<Replicated>(lonely.receive(kPeer, Replicate{{2}, {1}, kKey, state_of_peer()})).empty());
  EXPECT_EQ(only_of<Replicated>(lonely.settle()).size(), 2u);
}

// A link delivered a forwarded write twice. The first copy was refused, "certainly not applied"; the second one came
// when the disk had space again, and was applied.
TEST(FoundBugs, AForwardedWriteThatWasRefusedIsNotTakenUpAgain) {
  LonelyNode lonely(three_members(false));
  const Forward forward{{3}, PutRequest{.call = {3}, .request = {1, 1}, .key = kKey}};
  lonely.store.set_full(true, lonely.instant);
  const auto refused = only_of<Forwarded>(lonely.receive(kPeer, forward));
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(std::get<PutReply>(refused.front().reply).outcome.code, Errc::no_space);
  lonely.store.set_full(false, lonely.instant);
  EXPECT_TRUE(lonely.receive(kPeer, forward).empty());
  EXPECT_EQ(lonely.store.records(), 0u);
}

// An acknowledgement that came twice answered the read twice; the node then took itself for overloaded for ever.
TEST(FoundBugs, ARepeatedAcknowledgementAnswersAReadOnce) {
  LonelyNode lonely(three_members(false));
  lonely.ledger.born(0, Incarnation::of(1, 2));
  const NodeId other{3};
  const auto asked =
      only_of<Fetch>(lonely.receive(ClientHandle{1}, GetRequest{.call = {5}, .key = kKey, .level = Level::all}));
  ASSERT_EQ(asked.size(), 2u);
  const CallId call = asked.front().call;
  const RecordPtr state = state_of_peer();
  const Hash128 digest = state_digest(lonely.slot(kKey), *state);
  lonely.receive(other, Fetched{.call = call, .epoch = {1}, .state = nullptr, .digest = digest});
  // Its record explains the other one's digest, whose own record is still on the way.
  lonely.receive(kPeer, Fetched{.call = call, .epoch = {1}, .state = state, .digest = digest});
  std::size_t replies = only_of<GetReply>(lonely.settle()).size();
  for (int i = 0; i < 2; ++i)
    replies += only_of<GetReply>(lonely.receive(kPeer, Replicated{.call = call, .epoch = {1}})).size();
  EXPECT_EQ(replies, 1u);
  EXPECT_EQ(lonely.node.open_requests(), 0u);
  lonely.receive(other, Fetched{.call = call, .epoch = {1}, .state = state, .digest = digest});
  EXPECT_EQ(lonely.node.open_requests(), 0u);
}

}  // namespace
}  // namespace shoal::sim
