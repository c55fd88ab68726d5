#include "bench/sim/ledger.h"

#include <gtest/gtest.h>

#include "node/core/register_record.h"

namespace shoal::sim {
namespace {

constexpr Slot kSlot{5, 6};
constexpr RequestId kFirst{1, 1};
constexpr RequestId kSecond{1, 2};

Dot dot_of(std::uint64_t life, std::uint64_t counter) { return Dot{{Incarnation{life}, 1}, counter}; }

Record record_with(const Dot& dot, const RequestId& request) {
  Record record;
  record.clock.raise(dot);
  record.siblings.push_back(Sibling{dot, Hlc{}, request, false, Blob("v")});
  return record;
}

class LedgerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ledger_.born(0, Incarnation{10});
    ledger_.born(1, Incarnation{11});
  }
  Ledger ledger_;
};

TEST_F(LedgerTest, SeesADotThatNamesTwoWrites) {
  ledger_.wrote(0, kSlot, nullptr, record_with(dot_of(10, 1), kFirst));
  EXPECT_TRUE(ledger_.violations().empty());
  ledger_.wrote(0, Slot{7, 7}, nullptr, record_with(dot_of(10, 1), kSecond));
  EXPECT_EQ(ledger_.violations().size(), 1u);
}

TEST_F(LedgerTest, SeesADotThatItsNodeDidNotMint) {
  ledger_.wrote(1, kSlot, nullptr, record_with(dot_of(10, 1), kFirst));
  EXPECT_EQ(ledger_.violations().size(), 1u);
}

// What was chosen is written down by whoever learns it; its version is the key's own.
TEST_F(LedgerTest, LetsAnybodyLearnWhatWasChosenAndSeesTwoValuesOfOneVersion) {
  const Dot chosen{kRegisterActor, 1};
  ledger_.wrote(1, kSlot, nullptr, record_with(chosen, kFirst));
  ledger_.wrote(0, kSlot, nullptr, record_with(chosen, kFirst));
  ledger_.wrote(0, Slot{7, 7}, nullptr, record_with(chosen, kSecond));
  EXPECT_TRUE(ledger_.violations().empty());
  EXPECT_EQ(ledger_.dots_of(kSecond).size(), 1u);
  ledger_.wrote(2, kSlot, nullptr, record_with(chosen, kSecond));
  EXPECT_EQ(ledger_.violations().size(), 1u);
}

TEST_F(LedgerTest, SeesARecordThatGoesBackwards) {
  const Record newer = record_with(dot_of(10, 2), kSecond);
  ledger_.wrote(0, kSlot, nullptr, newer);
  ledger_.wrote(0, kSlot, &newer, record_with(dot_of(10, 1), kFirst));
  EXPECT_EQ(ledger_.violations().size(), 1u);
}

TEST_F(LedgerTest, SeesASyncedDotThatACrashTook) {
  const Record record = record_with(dot_of(10, 1), kFirst);
  ledger_.wrote(0, kSlot, nullptr, record);
  ledger_.survived_crash(0, kSlot, nullptr);
  EXPECT_TRUE(ledger_.violations().empty()) << "unsynced writes may go";
  ledger_.synced(0, kSlot, record);
  ledger_.survived_crash(0, kSlot, nullptr);
  EXPECT_EQ(ledger_.violations().size(), 1u);
}

TEST_F(LedgerTest, OrphansADotWithItsLastHolder) {
  const Record record = record_with(dot_of(10, 1), kFirst);
  ledger_.wrote(0, kSlot, nullptr, record);
  ledger_.synced(0, kSlot, record);
  ledger_.synced(1, kSlot, record);
  ledger_.destroyed(0, kSlot, record, nullptr);
  EXPECT_FALSE(ledger_.dots_of(kFirst).front()->orphaned);
  ledger_.destroyed(1, kSlot, record, nullptr);
  EXPECT_TRUE(ledger_.dots_of(kFirst).front()->orphaned);
  ledger_.synced(1, kSlot, record);
  EXPECT_TRUE(ledger_.dots_of(kFirst).front()->orphaned) << "a copy that comes back later owes nothing";
}

// A relaxed node counts from memory on, and a power cut is its good right.
TEST_F(LedgerTest, HoldsARelaxedNodeToItsMemoryOnly) {
  ledger_.set_relaxed(only(0));
  const Record record = record_with(dot_of(10, 1), kFirst);
  ledger_.wrote(0, kSlot, nullptr, record);
  EXPECT_EQ(ledger_.dots_of(kFirst).front()->held, only(0));
  ledger_.survived_crash(0, kSlot, nullptr);
  EXPECT_TRUE(ledger_.dots_of(kFirst).front()->orphaned);
  EXPECT_TRUE(ledger_.violations().empty());
}

}  // namespace
}  // namespace shoal::sim
