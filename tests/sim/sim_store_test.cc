#include "bench/sim/sim_store.h"

#include <gtest/gtest.h>

#include "bench/sim/ledger.h"

namespace shoal::sim {
namespace {

using std::chrono::milliseconds;

constexpr Incarnation kLife{10};

class SimStoreTest : public ::testing::Test {
 protected:
  SimStoreTest() { ledger_.born(0, kLife); }

  CommitId write(std::uint64_t slot, std::uint64_t counter) { return write(Place(Slot{slot, 0}), counter); }
  CommitId write(const Place& place, std::uint64_t counter) {
    Entry entry{.key = {"default", "k" + std::to_string(place.slot.hi)}, .record = {}, .ownership = {}};
    if (const EntryPtr held = store_.peek(place)) entry = *held;
    shoal::put(Kind::siblings, entry.record, entry.ownership, Write{{}, Hlc{}, RequestId{1, counter}, false, Blob("v")},
               Minter{kLife, counter});
    return store_.write(place, std::make_shared<const Entry>(entry));
  }

  // Lets the disk work until it has nothing to do.
  std::optional<CommitId> settle() {
    std::optional<CommitId> newest;
    store_.pump(now_);
    while (store_.next_event() != kNever) {
      now_ = store_.next_event();
      store_.pump(now_);
      if (const auto report = store_.take_report()) newest = report;
    }
    return newest;
  }

  Ledger ledger_;
  SimStore store_{0, DiskOptions{.sync = milliseconds(5)}, Rng(1), ledger_};
  Instant now_{};
};

TEST_F(SimStoreTest, ShowsWritesAtOnceAndReportsThemAfterTheSync) {
  const CommitId commit = write(1, 1);
  EXPECT_NE(*store_.read(Slot{1, 0}), nullptr);
  store_.pump(now_);
  EXPECT_FALSE(store_.take_report().has_value());
  store_.pump(now_ + milliseconds(4));
  EXPECT_FALSE(store_.take_report().has_value());
  store_.pump(now_ + milliseconds(10));
  EXPECT_EQ(store_.take_report(), commit);
}

TEST_F(SimStoreTest, KeepsWhatWasReportedThroughACrash) {
  write(1, 1);
  settle();
  write(2, 2);
  Rng chance(3);
  store_.crash(chance);
  EXPECT_NE(store_.peek(Slot{1, 0}), nullptr);
}

// Over many crashes each of two unsynced writes is seen kept without the other one.
TEST_F(SimStoreTest, ForgetsUnsyncedWritesInAnyCombination) {
  bool only_first = false;
  bool only_second = false;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    Ledger ledger;
    ledger.born(0, kLife);
    SimStore store(0, DiskOptions{.sync = milliseconds(5)}, Rng(i), ledger);
    for (const std::uint64_t slot : {1u, 2u})
      store.write(Slot{slot, 0},
                  std::make_shared<const Entry>(Entry{.key = {"default", "k"}, .record = {}, .ownership = {}}));
    Rng chance(i);
    store.crash(chance);
    only_first = only_first || (store.peek(Slot{1, 0}) && !store.peek(Slot{2, 0}));
    only_second = only_second || (!store.peek(Slot{1, 0}) && store.peek(Slot{2, 0}));
  }
  EXPECT_TRUE(only_first && only_second);
}

// A hint is dropped and another one kept in its place: whichever of the two the disk got to hear of, the first one was
// given up before the crash and is not lost by it.
TEST_F(SimStoreTest, ACrashMayKeepWhatFollowedADrop) {
  ledger_.named(1, NodeId{9});
  const Place hint(NodeId{9}, Slot{1, 0});
  const auto deliver_and_drop = [&] {
    if (store_.peek(hint)) ledger_.synced(1, hint.slot, store_.peek(hint)->record);
    store_.erase(hint);
  };
  int second_alone = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    write(hint, 2 * seed);
    settle();
    deliver_and_drop();
    write(hint, 2 * seed + 1);
    Rng chance(seed);
    store_.crash(chance);
    second_alone += store_.peek(hint) && store_.peek(hint)->record.siblings.size() == 1 ? 1 : 0;
    deliver_and_drop();
    settle();
  }
  EXPECT_GT(second_alone, 0);
  EXPECT_TRUE(ledger_.violations().empty()) << ledger_.violations().front();
}

TEST_F(SimStoreTest, AFullDiskRefusesStallsAndRecovers) {
  const CommitId commit = write(1, 1);
  store_.pump(now_);
  store_.set_full(true, now_);
  EXPECT_EQ(store_.admit().error().code, Errc::no_space);
  EXPECT_EQ(settle(), std::nullopt);
  EXPECT_NE(*store_.read(Slot{1, 0}), nullptr) << "nothing is taken back";
  store_.set_full(false, now_);
  EXPECT_TRUE(store_.admit().has_value());
  EXPECT_EQ(settle(), commit);
}

TEST_F(SimStoreTest, ReportsACommitWhoseRecordWasLostOnTheWay) {
  const CommitId commit = write(1, 1);
  store_.pump(now_);
  store_.lose_record(Slot{1, 0});
  EXPECT_EQ(settle(), commit);
  EXPECT_EQ(*store_.read(Slot{1, 0}), nullptr);
  EXPECT_EQ(store_.peek(Slot{1, 0}), nullptr);
}

TEST_F(SimStoreTest, AnUnreadableRecordIsAnErrorAndNotAnAbsence) {
  write(1, 1);
  write(2, 2);
  store_.set_unreadable(Slot{1, 0}, true);
  EXPECT_EQ(store_.read(Slot{1, 0}).error().code, Errc::corrupt);
  EXPECT_EQ(store_.scan(Slot{}, Slot{9, 0}, std::nullopt, 10)->front().entry, nullptr);
  EXPECT_EQ(store_.scan(Slot{2, 0}, Slot{9, 0}, std::nullopt, 10)->size(), 1u);
  store_.set_unreadable(Slot{1, 0}, false);
  EXPECT_EQ(store_.scan(Slot{}, Slot{9, 0}, std::nullopt, 1)->size(), 1u);
  EXPECT_EQ(store_.scan(Slot{}, Slot{9, 0}, Slot{1, 0}, 10)->size(), 1u);
}

// ---- what acceptors remember --------------------------------------------------------------------------------------

constexpr Slot kSlot{1, 0};
const Place kAcceptor = Place::acceptor_of(kSlot);

class SimAcceptorTest : public SimStoreTest {
 protected:
  void accept(std::uint64_t ballot) {
    Entry entry{.key = {"default", "k"}, .kind = Kind::strong};
    entry.acceptor = std::make_shared<const KeyAcceptor>(KeyAcceptor{.promised = {ballot, kLife}});
    store_.write(kAcceptor, std::make_shared<const Entry>(std::move(entry)));
  }
  // What it has promised; 0: nothing. Precondition: it can be read.
  std::uint64_t promised() {
    const EntryPtr entry = store_.read(kAcceptor).value();
    return entry ? entry->acceptor->promised.counter : 0;
  }
};

TEST_F(SimAcceptorTest, KeepsWhatWasSyncedAndAtMostMoreThroughACrash) {
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    accept(2 * seed);
    settle();
    accept(2 * seed + 1);
    Rng chance(seed);
    store_.crash(chance);
    ASSERT_GE(promised(), 2 * seed);
    kept += promised() == 2 * seed + 1 ? 1 : 0;
  }
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, 50);
}

TEST_F(SimAcceptorTest, AreNeitherRecordsNorHints) {
  write(1, 1);
  const Digest tree = store_.tree().at({});
  accept(7);
  settle();
  EXPECT_EQ(store_.tree().at({}), tree);
  EXPECT_EQ(store_.records(), 1u);
  EXPECT_EQ(store_.slots(), std::vector<Slot>{kSlot});
  EXPECT_TRUE(store_.hints().empty());
  EXPECT_FALSE(store_.keeps_hint_of(kSlot));
  EXPECT_EQ(store_.scan(Place::acceptor_of({}), Place::vote(), std::nullopt, 10)->size(), 1u);
  EXPECT_EQ(store_.scan(Place(NodeId{1}, {}), Place::acceptor_of({}), std::nullopt, 10)->size(), 0u);
  store_.lose_everything();
  EXPECT_TRUE(ledger_.violations().empty());
}

// A record that is lost takes no promise with it; a promise that is lost is not forgotten.
TEST_F(SimAcceptorTest, AreNeverForgottenSilently) {
  write(1, 1);
  accept(7);
  settle();
  store_.lose_record(kSlot);
  EXPECT_EQ(promised(), 7u);
  store_.lose_record(kAcceptor);
  EXPECT_EQ(store_.read(kAcceptor).error().code, Errc::corrupt);
  Rng chance(3);
  store_.crash(chance);
  EXPECT_EQ(store_.read(kAcceptor).error().code, Errc::corrupt);
  EXPECT_EQ(store_.scan(Place::acceptor_of({}), Place::vote(), std::nullopt, 10)->front().entry, nullptr);
}

TEST_F(SimAcceptorTest, AreSyncedByADiskThatLiesAboutTheRest) {
  store_.set_lying(true);
  write(1, 1);
  accept(7);
  settle();
  Rng chance(3);
  store_.crash(chance);
  EXPECT_EQ(store_.peek(kSlot), nullptr);
  EXPECT_EQ(promised(), 7u);
}

TEST_F(SimStoreTest, SyncsDocumentsWithTheCommits) {
  Membership document;
  document.epoch = Epoch{4};
  const CommitId commit = store_.save_document(document);
  EXPECT_FALSE(store_.durable_document().has_value());
  EXPECT_EQ(settle(), commit);
  EXPECT_EQ(store_.durable_document()->epoch, Epoch{4});
}

}  // namespace
}  // namespace shoal::sim
