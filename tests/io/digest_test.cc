// The tree of a store: always the sums of what it holds, whatever it has lived through.
#include <gtest/gtest.h>

#include <string>

#include "node/base/bytes.h"
#include "node/base/rng.h"
#include "node/io/storage/digest_table.h"
#include "node/wire/entry_codec.h"
#include "tests/io/store_fixture.h"

namespace shoal::test {
namespace {

Membership document_with(std::uint32_t partitions) {
  Membership document{.cluster = {5}, .cluster_key = {}, .epoch = {3}, .partitions = partitions, .founder = {7}};
  document.members.push_back({.id = {7}, .name = "a", .address = "127.0.0.1:9000", .zone = "z"});
  return document;
}

class DigestTest : public StoreFixture {
 protected:
  DigestTest() { store_->save_document(document_with(kPartitionsMin)); }

  void reopen_with(std::size_t generation_bytes) {
    options_.generation_bytes = generation_bytes;
    reopen();
  }
  // The closed store's file behind its back.
  void change_lmdb(auto change) {
    store_.reset();
    {
      const LmdbEnv env = *LmdbEnv::open(options_.dir, options_.map_bytes);
      LmdbTxn txn;
      ASSERT_EQ(env.begin(0, txn), 0);
      change(txn.get(), env);
      ASSERT_EQ(mdb_txn_commit(txn.release()), 0);
    }
    store_ = open_store(options_);
  }
  static std::string take(MDB_txn* txn, MDB_dbi table, std::string_view key) {
    MDB_val k = lmdb_val(key);
    MDB_val v{};
    EXPECT_EQ(mdb_get(txn, table, &k, &v), 0);
    std::string value(lmdb_view(v));
    EXPECT_EQ(mdb_del(txn, table, &k, nullptr), 0);
    return value;
  }
  static void put_back(MDB_txn* txn, MDB_dbi table, std::string_view key, std::string_view value) {
    MDB_val k = lmdb_val(key);
    MDB_val v = lmdb_val(value);
    EXPECT_EQ(mdb_put(txn, table, &k, &v, 0), 0);
  }
  [[nodiscard]] TreeNode leaf_of(std::uint64_t n) const { return store_->tree().leaf_of(slot_at(n)); }
  // As the scrub of a leaf does.
  void correct_leaf_of(std::uint64_t n) {
    const TreeNode leaf = leaf_of(n);
    Digest sum;
    for (const PlacedEntry& found : scan_all(*store_, 100))
      if (found.entry && store_->tree().leaf_of(found.place.slot) == leaf) sum.add(found.entry->digest);
    store_->correct(leaf, sum);
  }
  // The newest delta of that leaf, in the only transaction that its segment has seen.
  void damage_delta_of(std::uint64_t n) {
    std::string place;
    append_u64(place, LeafId::of(leaf_of(n)).value);
    const std::string leaf = place.substr(4);
    const std::string segment{0, 0, 0, static_cast<char>(LeafId::of(leaf_of(n)).value >> kSegmentBits)};
    change_lmdb([&](MDB_txn* txn, const LmdbEnv& env) {
      const std::string key = segment + std::string(8, '\0');
      std::string deltas = take(txn, env.deltas, key);
      const std::size_t at = deltas.find(leaf);
      ASSERT_NE(at, std::string::npos);
      deltas[at + 7] = static_cast<char>(deltas[at + 7] ^ 0x10);
      put_back(txn, env.deltas, key, deltas);
    });
  }
};

// ---- the law --------------------------------------------------------------------------------------------------

class DigestLaw : public DigestTest, public ::testing::WithParamInterface<std::size_t> {
 protected:
  DigestLaw() : rng_(GetParam()) { reopen_life(); }

  void reopen_life() {
    store_.reset();
    options_.generation_bytes = rng_.chance(500'000) ? GetParam() : 1 + rng_.below(3 * GetParam());
    store_ = open_store(options_);
  }
  void change() {
    const Place place(NodeId{rng_.chance(200'000) ? 1 + rng_.below(2) : 0}, slot_at(rng_.below(300)));
    if (rng_.chance(200'000)) return void(last_ = store_->erase(place));
    const std::string value(rng_.below(rng_.chance(50'000) ? 9'000 : 1'000), 'v');
    if (rng_.chance(500'000)) store_->read(place).value();
    last_ = store_->write(place, entry_of("k", value + std::to_string(rng_.next())));
  }
  void turn() {
    for (std::uint64_t i = rng_.below(12); i > 0; --i) change();
    if (rng_.chance(700'000)) store_->flush();
    if (rng_.chance(700'000)) store_->collect();
    if (rng_.chance(50'000)) {
      ASSERT_TRUE(make_durable(*store_, last_));
    }
    if (rng_.chance(20'000)) {
      ASSERT_TRUE(make_checkpoint(*store_, store_->checkpoint_now()));
    }
  }

  Rng rng_;
  CommitId last_;
};
INSTANTIATE_TEST_SUITE_P(Sizes, DigestLaw, ::testing::Values(1, 30'000, std::size_t{64} << 20),
                         [](const auto& size) { return std::to_string(size.param); });

// Lives of random changes and checkpoints, each ended by a crash, now and then in the middle of a checkpoint.
TEST_P(DigestLaw, TheTreeIsTheSumsOfWhatAScanFinds) {
  for (int life = 0; life < 25; ++life) {
    for (std::uint64_t i = rng_.below(40); i > 0; --i) turn();
    ASSERT_EQ(fault_in_tree(*store_), "") << "before the end of life " << life;
    reopen_life();
    ASSERT_EQ(fault_in_tree(*store_), "") << "at the start after life " << life;
    ASSERT_EQ(store_->records(), scan_all(*store_, 100).size());
  }
}

// Four segments. Their deltas go into rows again and again, and the rows vanish with the records.
TEST_F(DigestTest, ManyDeltasAreAddedUpIntoRows) {
  reopen_with(std::size_t{64} << 20);
  const auto entries_of = [this](MDB_dbi table) {
    const LmdbTxn txn = store_->read_checkpoint().value();
    MDB_stat stat{};
    EXPECT_EQ(mdb_stat(txn.get(), table, &stat), 0);
    return stat.ms_entries;
  };
  std::size_t rows_max = 0;
  int vanished = 0;
  for (int round = 0; round < 16; ++round) {
    for (std::uint64_t n = 0; n < 600; ++n)
      if (round % 2 == 0)
        put(n, std::to_string(round));
      else
        store_->erase(slot_at(n));
    ASSERT_TRUE(make_checkpoint(*store_, store_->checkpoint_now()));
    const std::size_t rows = entries_of(store_->env().digests);
    vanished += rows == 0 && rows_max > 0 ? 1 : 0;
    rows_max = std::max(rows_max, rows);
    EXPECT_LE(entries_of(store_->env().deltas), 80U);
    reopen();
    ASSERT_EQ(fault_in_tree(*store_), "") << round;
    ASSERT_EQ(store_->records(), round % 2 == 0 ? 600U : 0U);
  }
  EXPECT_GT(rows_max, 100U);
  EXPECT_GT(vanished, 0);
}

// ---- the number of partitions ---------------------------------------------------------------------------------

TEST_F(DigestTest, TheDocumentSaysTheNumberOfPartitions) {
  EXPECT_EQ(store_->tree().partitions(), kPartitionsMin);
  ASSERT_TRUE(make_durable(*store_, store_->save_document(document_with(1024))));
  EXPECT_EQ(store_->tree().partitions(), 1024U);
  put_durably(1, "v");
  reopen();
  EXPECT_EQ(store_->tree().partitions(), 1024U);
  EXPECT_EQ(fault_in_tree(*store_), "");
}

// It never does while records are there; if it did, nothing would be wrong afterwards.
TEST_F(DigestTest, AnotherNumberOfPartitionsMakesTreeAndSumsAnew) {
  for (const std::size_t generation : {std::size_t{1}, std::size_t{64} << 20}) {
    reopen_with(generation);
    store_->save_document(document_with(kPartitionsMin));
    for (std::uint64_t n = 0; n < 50; ++n) put(n, "old");
    ASSERT_TRUE(make_checkpoint(*store_, store_->checkpoint_now()));
    put(1, "newer");
    store_->erase(slot_at(2));
    store_->save_document(document_with(2048));
    EXPECT_EQ(fault_in_tree(*store_), "");
    ASSERT_TRUE(make_durable(*store_, put(3, "newer")));
    reopen();
    EXPECT_EQ(fault_in_tree(*store_), "");
    ASSERT_TRUE(make_checkpoint(*store_, store_->checkpoint_now()));
    reopen();
    EXPECT_EQ(store_->tree().partitions(), 2048U);
    EXPECT_EQ(fault_in_tree(*store_), "");
  }
}

// ---- bytes that change on the disk ----------------------------------------------------------------------------

TEST_F(DigestTest, AFlippedDigestMakesTheRecordUnreadableAndIsFoundAndCorrected) {
  put(1, "v");
  put_into_lmdb(2, "v");
  const Digest written = store_->tree().at(leaf_of(1));
  const std::string key = place_bytes(slot_at(1));
  change_lmdb([&](MDB_txn* txn, const LmdbEnv& env) {
    std::string sealed = take(txn, env.records, key);
    sealed[12] = static_cast<char>(sealed[12] ^ 1);
    put_back(txn, env.records, key, sealed);
  });
  EXPECT_EQ(store_->read(slot_at(1)).error().code, Errc::corrupt);
  EXPECT_EQ(store_->tree().at(leaf_of(1)), written) << "it counts as it was written";
  put_into_lmdb(1, "repaired");  // what it takes off is what the damaged bytes say
  EXPECT_NE(fault_in_tree(*store_), "");
  correct_leaf_of(1);
  EXPECT_EQ(fault_in_tree(*store_), "");
  put_into_lmdb(1, "newer");
  reopen();
  EXPECT_EQ(fault_in_tree(*store_), "");
}

TEST_F(DigestTest, ARecordUnderAnotherKeyIsNotBelieved) {
  put_into_lmdb(1, "v");
  Slot other = slot_at(1);
  other.lo ^= 4;
  change_lmdb([&](MDB_txn* txn, const LmdbEnv& env) {
    put_back(txn, env.records, place_bytes(other), take(txn, env.records, place_bytes(slot_at(1))));
  });
  EXPECT_EQ(get(1), "-");
  EXPECT_EQ(store_->read(other).error().code, Errc::corrupt);
  EXPECT_EQ(scan_all(*store_, 10).front().entry, nullptr);
}

// ---- corrections ----------------------------------------------------------------------------------------------

TEST_F(DigestTest, ACorrectionIsWrittenWithTheNextCheckpointAndOnce) {
  put(1, "v");
  put_into_lmdb(2, "v");
  damage_delta_of(1);
  EXPECT_NE(fault_in_tree(*store_), "");
  correct_leaf_of(1);
  EXPECT_EQ(fault_in_tree(*store_), "");
  put_into_lmdb(3, "brings it along");
  reopen();
  EXPECT_EQ(fault_in_tree(*store_), "");
  put_into_lmdb(1, "and does not bring it again");
  reopen();
  EXPECT_EQ(fault_in_tree(*store_), "");
}

TEST_F(DigestTest, ACorrectionAloneWaitsAndIsLostWithTheProcess) {
  put_into_lmdb(1, "v");
  damage_delta_of(1);
  const CommitId before = store_->checkpointed();
  correct_leaf_of(1);
  store_->flush();
  EXPECT_FALSE(store_->checkpointing());
  EXPECT_EQ(store_->checkpoint_now(), before);
  reopen();
  EXPECT_NE(fault_in_tree(*store_), "");
}

// What was changed and not moved yet is in the sum that the scrub finds, and not in LMDB's.
TEST_F(DigestTest, ACorrectionGoesWithChangesOfItsLeafThatLmdbHasNotSeen) {
  put_into_lmdb(1, "v");
  damage_delta_of(1);
  reopen_with(std::size_t{64} << 20);
  put(1, "waits");
  correct_leaf_of(1);
  put(1, "waits too");
  ASSERT_TRUE(make_checkpoint(*store_, store_->checkpoint_now()));
  EXPECT_EQ(fault_in_tree(*store_), "");
  reopen();
  EXPECT_EQ(fault_in_tree(*store_), "");
}

}  // namespace
}  // namespace shoal::test
