#include "node/base/ids.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace shoal {
namespace {

template <class A, class B>
concept Comparable = requires(A a, B b) {
  a == b;
};

// One name can never stand for another, and a bare number for none.
template <class A, class B>
constexpr bool kKeptApart = !std::is_convertible_v<A, B> && !std::is_constructible_v<B, A> && !Comparable<A, B>;

static_assert(kKeptApart<NodeId, ClusterId> && kKeptApart<ClusterId, NodeId>);
static_assert(kKeptApart<NodeId, Incarnation> && kKeptApart<Incarnation, NodeId>);
static_assert(kKeptApart<Epoch, CommitId> && kKeptApart<CallId, CommitId>);
static_assert(kKeptApart<PartitionId, Epoch> && kKeptApart<RequestId, CallId>);
static_assert(!std::is_convertible_v<std::uint64_t, NodeId> && !std::is_convertible_v<NodeId, std::uint64_t>);
static_assert(Comparable<NodeId, NodeId>);

TEST(IncarnationOf, KeepsStartAboveTheRandomBits) {
  const Incarnation incarnation = Incarnation::of(3, 0x12'3456'789a);
  EXPECT_EQ(incarnation.value, 0x0000'0312'3456'789au);
  EXPECT_EQ(incarnation.start(), 3u);
}

TEST(IncarnationOf, DropsRandomBitsThatDoNotFit) {
  EXPECT_EQ(Incarnation::of(1, ~std::uint64_t{0}).start(), 1u);
  EXPECT_EQ(Incarnation::of(1, ~std::uint64_t{0}), Incarnation{0x0000'01ff'ffff'ffffu});
}

TEST(IncarnationOf, HoldsTheLastStart) {
  EXPECT_EQ(Incarnation::of(Incarnation::kStartsMax, 0).start(), Incarnation::kStartsMax);
}

TEST(IncarnationOf, ALaterStartIsGreaterWhateverItsRandomBits) {
  EXPECT_GT(Incarnation::of(2, 0), Incarnation::of(1, ~std::uint64_t{0}));
}

TEST(Slot, SortsByItsHighHalfFirst) {
  EXPECT_LT((Slot{1, 9}), (Slot{2, 0}));
  EXPECT_LT((Slot{1, 8}), (Slot{1, 9}));
}

TEST(ToString, IsSixteenHexDigitsForNodesAndClusters) {
  EXPECT_EQ(to_string(NodeId{0xab}), "00000000000000ab");
  EXPECT_EQ(to_string(ClusterId{0xfedcba9876543210u}), "fedcba9876543210");
}

TEST(ToString, ShowsAnIncarnationAsStartAndRandomBits) {
  EXPECT_EQ(to_string(Incarnation::of(12, 0xbeef)), "12.000000beef");
}

}  // namespace
}  // namespace shoal
