// Marks that no seed can reach, each in a scenario made by hand.
#include <gtest/gtest.h>

#include "tests/sim/lonely_node.h"

namespace shoal::sim {
namespace {

// Two keys with one hash exist only in theory, so another key's entry is planted under the slot.
TEST(UnreachableMarks, ASlotThatIsTakenByAnotherKeyIsRefused) {
  LonelyNode lonely(three_members(false));
  const Key key{"default", "mine"};
  lonely.store.write(lonely.slot(key),
                     std::make_shared<const Entry>(Entry{.key = {"default", "other"}, .record = {}, .ownership = {}}));
  const auto outbox = lonely.receive(ClientHandle{1}, PutRequest{.call = {5}, .request = {1, 1}, .key = key});
  const auto replies = only_of<PutReply>(outbox);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies.front().outcome.code, Errc::refused);
  EXPECT_EQ(lonely.marks.of(Mark::slot_collision_refused), 1u);
}

}  // namespace
}  // namespace shoal::sim
