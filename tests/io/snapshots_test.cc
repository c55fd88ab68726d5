// What a running node says of its snapshots, and when it begins to copy.
#include "node/io/snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/io/store_kit.h"

namespace shoal::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class SnapshotsTest : public testing::Test {
 protected:
  SnapshotReply ask(SnapshotVerb verb, const std::string& name = "") {
    return snapshots_.answer({.call = {1}, .verb = verb, .name = name}, WallTime{5});
  }
  CommitId put(std::uint64_t n) { return store_->write(slot_at(n), entry_of("k" + std::to_string(n), "v")); }
  // As the server turns, until nothing is being made any more.
  void finish() {
    while (true) {
      const SnapshotReply reply = ask(SnapshotVerb::list);
      if (reply.snapshots.empty() || reply.snapshots.back().state != SnapshotState::being_made) return;
      store_->flush();
      store_->collect();
      snapshots_.turn();
    }
  }

  const TempFolder temp_;
  const DataFolder folder_ = DataFolder::open(temp_ / "data").value();
  const std::unique_ptr<DiskStore> store_ = open_store(options_in(temp_ / "data" / "store"));
  Snapshots snapshots_{folder_, *store_};
};

TEST_F(SnapshotsTest, AreMadeListedAndRemoved) {
  put(1);
  const SnapshotReply begun = ask(SnapshotVerb::create, "s");
  EXPECT_EQ(begun.outcome.code, Errc::ok);
  ASSERT_THAT(begun.snapshots, SizeIs(1));
  EXPECT_EQ(begun.snapshots[0].state, SnapshotState::being_made);
  EXPECT_EQ(ask(SnapshotVerb::create, "s").outcome.code, Errc::ok) << "the same question again";
  EXPECT_EQ(ask(SnapshotVerb::create, "t").outcome.code, Errc::refused);
  EXPECT_EQ(ask(SnapshotVerb::remove, "s").outcome.code, Errc::refused);
  finish();
  const SnapshotReply made = ask(SnapshotVerb::list);
  ASSERT_THAT(made.snapshots, SizeIs(1));
  EXPECT_EQ(made.snapshots[0].state, SnapshotState::complete);
  EXPECT_EQ(made.snapshots[0].entries, 1U);
  EXPECT_EQ(made.snapshots[0].created_ms, 5);
  EXPECT_EQ(ask(SnapshotVerb::create, "s").outcome.code, Errc::invalid) << "it is there";
  EXPECT_EQ(ask(SnapshotVerb::remove, "s").outcome.code, Errc::ok);
  EXPECT_THAT(ask(SnapshotVerb::list).snapshots, IsEmpty());
}

TEST_F(SnapshotsTest, ANameIsNoPath) {
  for (const char* name : {"", "..", "../s", "a/b", ".s"}) {
    EXPECT_THAT(ask(SnapshotVerb::create, name).outcome.message, HasSubstr("a snapshot's name is"));
    EXPECT_THAT(ask(SnapshotVerb::remove, name).outcome.message, HasSubstr("a snapshot's name is"));
  }
}

// What the node's own disk has free does not count: /proc has nothing.
TEST_F(SnapshotsTest, NeedRoomWhereTheyAreKept) {
  std::filesystem::create_directory_symlink("/proc", folder_.snapshots_dir());
  const SnapshotReply reply = ask(SnapshotVerb::create, "s");
  EXPECT_EQ(reply.outcome.code, Errc::no_space);
  EXPECT_THAT(reply.outcome.message, HasSubstr("are free in " + folder_.snapshots_dir().string()));
}

// All was in LMDB when it was asked for, and the next generation is on its way there when the copy could begin.
TEST_F(SnapshotsTest, BeginBetweenTwoCheckpoints) {
  ASSERT_TRUE(make_checkpoint(*store_, put(1)));
  ask(SnapshotVerb::create, "s");
  const CommitId next = put(2);
  store_->flush();
  while (store_->durable() < next) {
    ASSERT_TRUE(wait_for_event(*store_));
    store_->collect();
  }
  store_->flush();
  EXPECT_TRUE(store_->checkpointing());
  EXPECT_EQ(ask(SnapshotVerb::list).snapshots[0].state, SnapshotState::being_made);
  finish();
  EXPECT_EQ(ask(SnapshotVerb::list).snapshots[0].entries, 2U);
}

}  // namespace
}  // namespace shoal::test
