// The checkers themselves on trial: an honest history passes, and each lie is seen by the checker that is there for it.
#include "bench/sim/checkers.h"

#include <gtest/gtest.h>

namespace shoal::sim {
namespace {

constexpr Incarnation kLife{77};
constexpr Slot kSlot{1, 2};

// A mini language for histories of key 0 with three owners. Node 0 mints everything; `held_by` says on whose disk the
// write ends up.
class Checkers : public ::testing::Test {
 protected:
  void SetUp() override { ledger_.born(0, kLife); }

  RequestId write(std::vector<RequestId> saw = {}, NodeSet held_by = 0b011, Function function = Function::put) {
    return write_at(Hlc{}, std::move(saw), held_by, function);
  }

  RequestId write_at(Hlc hlc, std::vector<RequestId> saw = {}, NodeSet held_by = 0b011,
                     Function function = Function::put) {
    Operation operation = begin(function);
    if (function == Function::put) operation.value = value_for(operation.id, 3);
    operation.saw = saw;
    VersionVector seen;
    for (const RequestId& id : saw)
      for (const DotFacts* dot : ledger_.dots_of(id)) seen.raise(dot->dot);
    const Record before = record_;
    put(Kind::siblings, record_, ownership_,
        Write{seen, hlc, operation.id, function == Function::del, Blob(operation.value)}, Minter{kLife, ++counter_});
    ledger_.wrote(0, kSlot, before.clock.empty() ? nullptr : &before, record_);
    for (std::uint32_t node = 0; node < 3; ++node)
      if (has(held_by, node)) ledger_.synced(node, kSlot, record_);
    return finish(std::move(operation), Outcome::ok);
  }

  void read(const std::vector<RequestId>& returned, std::int32_t quorum = 0) {
    Operation operation = begin(Function::get);
    operation.quorum = quorum;
    operation.returned = returned;
    operation.context = record_.clock;
    finish(std::move(operation), Outcome::ok);
  }

  // A read of what `shown` covers, by one of two clients.
  void read_at(Level level, const VersionVector& shown, std::uint64_t client = 9, Outcome outcome = Outcome::ok) {
    Operation operation = begin(Function::get);
    operation.id.client = client;
    operation.level = level;
    operation.context = shown;
    finish(std::move(operation), outcome);
  }

  void ends_with(const std::vector<RequestId>& values) { finals_.push_back(FinalState{0, values, tick()}); }

  Operation begin(Function function) {
    Operation operation;
    operation.id = RequestId{9, ++sequence_};
    operation.function = function;
    operation.invoked = tick();
    return operation;
  }

  RequestId finish(Operation operation, Outcome outcome) {
    operation.outcome = outcome;
    operation.ended = tick();
    return history_.invoke(std::move(operation)).id;
  }

  Instant tick() { return now_ += std::chrono::seconds(1); }
  Evidence evidence() { return Evidence{history_, ledger_, 3, receipts_, finals_, agreements_, kinds_}; }

  History history_;
  Ledger ledger_;
  std::vector<Receipt> receipts_;
  std::vector<FinalState> finals_;
  std::vector<Agreement> agreements_;
  std::vector<Kind> kinds_;
  Record record_;
  Ownership ownership_;
  std::uint64_t counter_ = 0;
  std::uint64_t sequence_ = 0;
  Instant now_{};
};

TEST_F(Checkers, PassAnHonestHistory) {
  const RequestId first = write();
  const RequestId beside = write();
  read({first, beside});
  const RequestId both_replaced = write({first, beside});
  read({both_replaced});
  ends_with({both_replaced});
  receipts_.push_back(Receipt{first, 2, 2, true, 2});
  EXPECT_EQ(check_all(evidence()).violations, std::vector<std::string>{});
}

TEST_F(Checkers, SeeALostWrite) {
  write();
  ends_with({});
  EXPECT_EQ(check_nothing_lost(evidence()).size(), 1u);
}

// What some disk holds is owed, whatever the client was told.
TEST_F(Checkers, SeeALostWriteThatNobodyConfirmed) {
  history_.find(write())->outcome = Outcome::info;
  ends_with({});
  EXPECT_EQ(check_nothing_lost(evidence()).size(), 1u);
}

TEST_F(Checkers, ExcuseAWriteWhoseCopiesWereAllDestroyed) {
  write();
  ledger_.destroyed(0, kSlot, record_, nullptr);
  ledger_.destroyed(1, kSlot, record_, nullptr);
  ends_with({});
  EXPECT_EQ(check_nothing_lost(evidence()), std::vector<std::string>{});
}

TEST_F(Checkers, DoNotExcuseAWriteThatOneDiskStillHolds) {
  write();
  ledger_.destroyed(0, kSlot, record_, nullptr);
  ends_with({});
  EXPECT_EQ(check_nothing_lost(evidence()).size(), 1u);
}

TEST_F(Checkers, AcceptNoContextThatCameWithoutTheValue) {
  const RequestId seen = write();
  write();  // never seen by anybody
  const RequestId last = write({seen});
  ends_with({last});
  EXPECT_EQ(check_nothing_lost(evidence()).size(), 1u);
}

TEST_F(Checkers, DoNotJudgeAFinalReadByLaterWrites) {
  const RequestId first = write();
  ends_with({first});
  write({first});
  EXPECT_EQ(check_all(evidence()).violations, std::vector<std::string>{});
}

TEST_F(Checkers, SeeAResurrectedValue) {
  const RequestId old = write();
  const RequestId deleted = write({old}, 0b011, Function::del);
  ends_with({old});
  EXPECT_EQ(check_nothing_resurrected(evidence()).size(), 1u);
  ledger_.destroyed(0, kSlot, record_, nullptr);
  ledger_.destroyed(1, kSlot, record_, nullptr);
  EXPECT_EQ(check_nothing_resurrected(evidence()).size(), 0u) << to_text(deleted) << " was destroyed, nothing is owed";
}

TEST_F(Checkers, SeeAValueThatNobodyWrote) {
  read({RequestId{1234, 5}});
  EXPECT_EQ(check_nothing_invented(evidence()).size(), 1u);
}

TEST_F(Checkers, SeeBytesThatNobodyWrote) {
  Operation operation = begin(Function::get);
  operation.garbage.push_back("half a va");
  finish(std::move(operation), Outcome::ok);
  EXPECT_EQ(check_nothing_invented(evidence()).size(), 1u);
}

TEST_F(Checkers, SeeAValueOfAnotherKey) {
  const RequestId elsewhere = write();
  history_.find(elsewhere)->key = 1;
  read({elsewhere});
  EXPECT_EQ(check_nothing_invented(evidence()).size(), 1u);
}

TEST_F(Checkers, SeeAWriteThatFailedForCertainAndHappenedAnyway) {
  const RequestId failed = write();
  history_.find(failed)->outcome = Outcome::fail;
  EXPECT_EQ(check_nothing_invented(evidence()).size(), 1u) << "its dot exists";
  read({failed});
  EXPECT_EQ(check_nothing_invented(evidence()).size(), 2u) << "and it was read";
}

TEST_F(Checkers, SeeAContextThatDoesNotCoverItsValues) {
  const RequestId first = write();
  Operation operation = begin(Function::get);
  operation.returned = {first};
  finish(std::move(operation), Outcome::ok);
  EXPECT_EQ(check_contexts(evidence()).size(), 1u);
}

TEST_F(Checkers, SeeAFalseSibling) {
  const RequestId old = write();
  const RequestId fresh = write({old});
  read({old, fresh});
  EXPECT_EQ(check_contexts(evidence()).size(), 1u);
}

TEST_F(Checkers, SeeOneWriteReturnedTwice) {
  const RequestId once = write();
  read({once, once});
  EXPECT_FALSE(check_contexts(evidence()).empty());
}

TEST_F(Checkers, SeeAStaleQuorumRead) {
  const RequestId old = write();
  const RequestId fresh = write({old});
  read({old}, 2);
  EXPECT_EQ(check_regular_reads(evidence()).size(), 2u)
      << "it misses " << to_text(fresh) << " and shows what it replaced";
}

TEST_F(Checkers, AllowAStaleReadOfOneReplica) {
  const RequestId old = write();
  write({old});
  read({old}, 1);
  EXPECT_EQ(check_regular_reads(evidence()), std::vector<std::string>{});
}

TEST_F(Checkers, SeeDishonestReceipts) {
  const RequestId id = write();
  receipts_ = {Receipt{id, 2, 1, false, 1}, Receipt{id, 2, 2, true, 1}, Receipt{id, 2, 2, false, 0}};
  EXPECT_EQ(check_receipts(evidence()).size(), 2u);
}

TEST_F(Checkers, SeeAKeyListedTwiceAndAWrongPrefix) {
  Operation operation = begin(Function::list);
  operation.prefix = "odd-";
  operation.names = {"odd-1", "odd-3", "odd-1", "even-2"};
  finish(std::move(operation), Outcome::ok);
  EXPECT_EQ(check_listings(evidence()).size(), 2u);
}

TEST_F(Checkers, SeeBadInputThatWasTaken) {
  Operation operation = begin(Function::bad_input);
  operation.expected = {Errc::bad_context};
  finish(std::move(operation), Outcome::ok);
  EXPECT_EQ(check_bad_input(evidence()).size(), 1u);
}

TEST(QuorumSize, FollowsTheRequest) {
  EXPECT_EQ(quorum_size(0, 3), 2);
  EXPECT_EQ(quorum_size(0, 4), 3);
  EXPECT_EQ(quorum_size(-1, 5), 5);
  EXPECT_EQ(quorum_size(1, 3), 1);
}

// ---- lww: the greater of two concurrent values wins, and the loser is owed to nobody

class LwwCheckers : public Checkers {
 protected:
  void SetUp() override {
    Checkers::SetUp();
    kinds_ = {Kind::lww};
  }
};

TEST_F(LwwCheckers, ExcuseAWriteThatAGreaterOneBeat) {
  write_at(Hlc{5});
  const RequestId greater = write_at(Hlc{7});
  read({greater}, 2);
  ends_with({greater});
  EXPECT_EQ(check_all(evidence()).violations, std::vector<std::string>{});
}

TEST_F(LwwCheckers, SeeALesserValueThatWon) {
  const RequestId lesser = write_at(Hlc{5});
  write_at(Hlc{7});
  read({lesser}, 2);
  ends_with({lesser});
  EXPECT_EQ(check_nothing_lost(evidence()).size(), 1u);
  EXPECT_EQ(check_regular_reads(evidence()).size(), 1u);
}

// What beat the write must be there itself.
TEST_F(LwwCheckers, SeeThatNoValueIsLeft) {
  write_at(Hlc{5});
  write_at(Hlc{7});
  ends_with({});
  EXPECT_EQ(check_nothing_lost(evidence()).size(), 1u);
}

TEST_F(LwwCheckers, DoNotExcuseAWriteByAWinnerThatIsLost) {
  write_at(Hlc{5}, {}, 0b001);
  write_at(Hlc{7}, {}, 0b010);
  ledger_.destroyed(1, kSlot, record_, nullptr);
  ends_with({});
  EXPECT_EQ(check_nothing_lost(evidence()).size(), 1u) << "node 0 never heard of the winner";
}

TEST_F(LwwCheckers, AllowThatADeleteBeatsAValue) {
  write_at(Hlc{5});
  write_at(Hlc{7}, {}, 0b011, Function::del);
  read({}, 2);
  ends_with({});
  EXPECT_EQ(check_all(evidence()).violations, std::vector<std::string>{});
}

TEST_F(LwwCheckers, SeeAQuorumReadOfNothingThatNoDeleteExplains) {
  write_at(Hlc{7}, {}, 0b011, Function::del);
  write_at(Hlc{9});
  read({}, 2);
  EXPECT_EQ(check_regular_reads(evidence()).size(), 1u);
}

TEST_F(LwwCheckers, SeeTwoValuesInOneRead) {
  const RequestId one = write_at(Hlc{5});
  const RequestId other = write_at(Hlc{7});
  read({one, other});
  EXPECT_EQ(check_single_values(evidence()).size(), 1u);
}

// In a bucket that keeps siblings nobody is beaten.
TEST_F(Checkers, ExcuseNoLossByAGreaterValue) {
  write_at(Hlc{5});
  const RequestId greater = write_at(Hlc{7});
  ends_with({greater});
  EXPECT_EQ(check_nothing_lost(evidence()).size(), 1u);
}

// ---- sessions and agreement

VersionVector clock(std::uint64_t counter) { return VersionVector({{{kLife, 1}, counter}}); }

TEST_F(Checkers, SeeASessionThatGoesBack) {
  read_at(Level::quorum, clock(5));
  read_at(Level::session, clock(5));
  read_at(Level::session, clock(7));
  EXPECT_TRUE(check_sessions(evidence()).empty());
  read_at(Level::session, clock(6));
  EXPECT_EQ(check_sessions(evidence()).size(), 1u);
}

TEST_F(Checkers, SeeASessionThatMissesItsOwnWrite) {
  Operation put = begin(Function::put);
  put.context = clock(9);
  finish(std::move(put), Outcome::ok);
  read_at(Level::session, clock(8));
  EXPECT_EQ(check_sessions(evidence()).size(), 1u);
}

TEST_F(Checkers, AskOfASessionOnlyWhatItsClientWasTold) {
  read_at(Level::session, clock(5), 8);
  read_at(Level::session, clock(4), 9);                 // another client
  read_at(Level::session, clock(9), 9, Outcome::fail);  // nothing was told
  read_at(Level::quorum, clock(3), 9);                  // promises no such thing
  read_at(Level::session, clock(4), 9);
  EXPECT_TRUE(check_sessions(evidence()).empty());
}

TEST_F(Checkers, SeeAnAgreementThatWasNone) {
  agreements_.push_back(Agreement{.key = 0, .owners = 3, .holding = 3});
  EXPECT_TRUE(check_agreements(evidence()).empty());
  agreements_.push_back(Agreement{.key = 0, .owners = 3, .holding = 2});
  EXPECT_EQ(check_agreements(evidence()).size(), 1u);
}

}  // namespace
}  // namespace shoal::sim
