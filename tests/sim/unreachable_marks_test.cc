// Marks that no seed can reach, each in a scenario made by hand.
#include <gtest/gtest.h>

#include "bench/sim/sim_store.h"
#include "node/core/node.h"

namespace shoal::sim {
namespace {

// Two keys with one hash exist only in theory, so another key's entry is planted under the slot.
TEST(UnreachableMarks, ASlotThatIsTakenByAnotherKeyIsRefused) {
  Membership document;
  document.cluster = ClusterId{1};
  document.epoch = Epoch{1};
  document.partitions = kPartitionsMin;
  document.founder = NodeId{1};
  document.forming = false;
  document.members = {Member{.id = NodeId{1}, .name = "a", .address = "a:1", .zone = "z"}};

  Ledger ledger;
  SimStore store(0, DiskOptions{.sync = std::chrono::milliseconds(1)}, Rng(1), ledger);
  const Key key{"default", "mine"};
  store.write(slot_of(document.cluster_key, key),
              std::make_shared<const Entry>(Entry{.key = {"default", "other"}, .record = {}, .ownership = {}}));

  MarkCounts marks;
  Node node(NodeConfig{.id = NodeId{1},
                       .incarnation = Incarnation::of(1, 1),
                       .document = document,
                       .address = "a:1",
                       .trace = &marks},
            store, Rng(2));
  const Now now{Instant{std::chrono::seconds(1)}, WallTime{1}};
  node.receive(Envelope{ClientHandle{1}, PutRequest{.call = CallId{5}, .request = RequestId{1, 1}, .key = key}}, now);

  const std::vector<Envelope> outbox = node.take_outbox();
  ASSERT_EQ(outbox.size(), 1u);
  EXPECT_EQ(std::get<PutReply>(outbox.front().message).outcome.code, Errc::refused);
  EXPECT_EQ(marks.of(Mark::slot_collision_refused), 1u);
}

}  // namespace
}  // namespace shoal::sim
