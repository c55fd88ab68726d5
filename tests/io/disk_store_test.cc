#include "node/io/storage/disk_store.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "node/base/bytes.h"
#include "node/base/rng.h"
#include "node/wire/entry_codec.h"
#include "tests/io/store_fixture.h"

namespace shoal::test {
namespace {

class DiskStoreTest : public StoreFixture {
 protected:
  void reopen_without_checkpoints() {
    options_.generation_bytes = std::size_t{64} << 20;
    reopen();
  }
  // The one sentence with which the store refuses to open.
  Error refusal() {
    store_.reset();
    const auto opened = DiskStore::open(options_);
    return opened ? Error{.code = Errc::ok} : opened.error();
  }
  // Changes the closed store's file behind its back.
  void tamper(std::string_view table, std::string_view key, std::string_view value) {
    store_.reset();
    const LmdbEnv env = *LmdbEnv::open(options_.dir, options_.map_bytes);
    LmdbTxn txn;
    MDB_val k = lmdb_val(key);
    MDB_val v = lmdb_val(value);
    ASSERT_EQ(env.begin(0, txn), 0);
    ASSERT_EQ(mdb_put(txn.get(), table == "meta" ? env.meta : env.records, &k, &v, 0), 0);
    ASSERT_EQ(mdb_txn_commit(txn.release()), 0);
  }
};

// What holds wherever the records are: in LMDB at once, a few batches behind in the log, or in the log alone.
class AnyGeneration : public DiskStoreTest, public ::testing::WithParamInterface<std::size_t> {
 protected:
  AnyGeneration() {
    options_.generation_bytes = GetParam();
    reopen();
  }
};
INSTANTIATE_TEST_SUITE_P(Sizes, AnyGeneration, ::testing::Values(1, 20'000, std::size_t{64} << 20),
                         [](const auto& size) { return std::to_string(size.param); });

TEST_P(AnyGeneration, HoldsNothingAtFirst) {
  EXPECT_EQ(*store_->read(slot_at(1)), nullptr);
  EXPECT_EQ(store_->records(), 0u);
  EXPECT_TRUE(scan_all(*store_, 10).empty());
  EXPECT_FALSE(store_->document());
}

TEST_P(AnyGeneration, ReturnsTheWholeEntryAfterReopening) {
  const EntryPtr entry = entry_of("key", std::string("with\0zero", 9));
  ASSERT_TRUE(make_durable(*store_, store_->write(slot_at(1), entry)));
  reopen();
  EXPECT_EQ(**store_->read(slot_at(1)), *entry);
  EXPECT_EQ(store_->records(), 1u);
}

TEST_P(AnyGeneration, KeepsLargeAndEmptyValues) {
  const std::string large(8 << 20, 'x');
  put(1, large);
  put_durably(2, "");
  reopen();
  EXPECT_EQ(get(1), large);
  EXPECT_EQ(get(2), "");
}

// The disk stands still: writes are seen at once, one by one, on top of the batch that is being synced.
TEST_F(DiskStoreTest, ReadsSeeWritesAndNeverWaitForASync) {
  put_durably(1, "old");
  disk_.hold_syncs();
  const CommitId first = put(1, "syncing");
  put(2, "syncing");
  store_->flush();
  disk_.wait_until_held();
  EXPECT_EQ(get(1), "syncing");
  const CommitId second = put(1, "filling");
  put(3, "filling");
  store_->flush();
  EXPECT_LT(first, second);
  EXPECT_EQ(get(1), "filling");
  EXPECT_EQ(get(2), "syncing");
  EXPECT_EQ(get(3), "filling");
  EXPECT_EQ(scan_all(*store_, 2).size(), 3u);
  EXPECT_EQ(store_->collect(), std::nullopt);
  disk_.release_syncs();
  EXPECT_TRUE(make_durable(*store_, second));
  EXPECT_EQ(get(1), "filling");
}

// What is written while a batch is being synced becomes durable together, with one more sync.
TEST_F(DiskStoreTest, GroupsTheWritesOfASyncIntoTheNextCommit) {
  reopen_without_checkpoints();
  disk_.hold_syncs();
  put(0, "first");
  store_->flush();
  disk_.wait_until_held();
  const CommitId group = put(1, "next");
  for (std::uint64_t n = 2; n < 100; ++n) {
    EXPECT_EQ(put(n, "next"), group);
    store_->flush();
  }
  const int before = disk_.syncs();
  disk_.release_syncs();
  ASSERT_TRUE(make_durable(*store_, group));
  EXPECT_EQ(disk_.syncs() - before, 2);
}

TEST_P(AnyGeneration, ReportsDurableCommitsInOrderAndOnce) {
  CommitId last;
  for (int round = 0; round < 20; ++round) {
    const CommitId id = put(static_cast<std::uint64_t>(round), "v");
    EXPECT_GT(id, last);
    ASSERT_TRUE(make_durable(*store_, id));
    EXPECT_EQ(store_->collect(), std::nullopt);
    last = id;
  }
}

// An overwritten record costs one page write however often it changed within a batch.
TEST_P(AnyGeneration, WritesAHotKeyOncePerCommit) {
  for (int i = 0; i < 1000; ++i) put(1, std::to_string(i));
  put_durably(1, "last");
  EXPECT_EQ(store_->records(), 1u);
  reopen();
  EXPECT_EQ(get(1), "last");
}

TEST_P(AnyGeneration, CommitsABatchOfManyTransactions) {
  constexpr std::uint64_t kMany = 70'000;
  for (std::uint64_t n = 0; n < kMany; ++n) put(n, "v");
  put_durably(kMany, "v");
  reopen();
  EXPECT_EQ(store_->records(), kMany + 1);
}

TEST_P(AnyGeneration, ScansHalfOpenRangesFromBeginOrBehindAfter) {
  for (std::uint64_t lo = 1; lo <= 6; ++lo) {
    const CommitId id = store_->write(Slot{.hi = 9, .lo = lo}, entry_of("k" + std::to_string(lo), std::to_string(lo)));
    if (lo % 2 == 0) {
      ASSERT_TRUE(make_durable(*store_, id));
    }
  }
  const auto values = [this](std::uint64_t begin, std::uint64_t end, std::optional<Place> after, std::size_t limit) {
    const auto found = store_->scan(Slot{.hi = 9, .lo = begin}, Slot{.hi = 9, .lo = end}, after, limit);
    std::string joined;
    for (const PlacedEntry& each : *found) joined += value_of(each.entry);
    return joined;
  };
  EXPECT_EQ(values(2, 5, std::nullopt, 10), "234");
  EXPECT_EQ(values(2, 5, std::nullopt, 2), "23");
  EXPECT_EQ(values(2, 5, Slot{.hi = 9, .lo = 3}, 10), "4");
  EXPECT_EQ(values(2, 5, Slot{.hi = 9, .lo = 4}, 10), "");
  EXPECT_EQ(values(7, 9, std::nullopt, 10), "");
  EXPECT_EQ(values(1, 9, Slot{.hi = ~std::uint64_t{0}, .lo = ~std::uint64_t{0}}, 10), "");
}

// Own copies and hints of three owners.
Place some_place(Rng& rng) { return {NodeId{rng.below(4)}, slot_at(rng.below(100))}; }

// Random changes, hand-overs and collections against a map; values around LMDB's page limits.
TEST_P(AnyGeneration, AgreesWithAMapWhateverTheTurns) {
  Rng rng(20240607);
  std::map<Place, std::string> model;
  for (int step = 0; step < 3000; ++step) {
    const Place place = some_place(rng);
    if (place.is_hint() && rng.chance(300'000)) {
      store_->erase(place);
      model.erase(place);
    } else {
      model[place] = std::string(rng.below(rng.chance(100'000) ? 12'000 : 2'100), static_cast<char>('a' + step % 26));
      store_->write(place, entry_of("k", model[place]));
    }
    if (rng.chance(50'000)) store_->flush();
    if (rng.chance(50'000)) store_->collect();
    const Place asked = some_place(rng);
    ASSERT_EQ(value_at(*store_, asked), model.contains(asked) ? model[asked] : "-") << "step " << step;
    if (rng.chance(990'000)) continue;
    std::vector<PlacedEntry> all = scan_all(*store_, 1 + rng.below(50));
    const std::vector<PlacedEntry> hints = scan_all(*store_, 1 + rng.below(50), Place(NodeId{1}, Slot{}));
    all.insert(all.end(), hints.begin(), hints.end());
    ASSERT_EQ(all.size(), model.size());
    auto expected = model.begin();
    for (const PlacedEntry& found : all) {
      ASSERT_EQ(found.place, expected->first);
      ASSERT_EQ(value_of(found.entry), (expected++)->second);
    }
  }
  ASSERT_TRUE(store_->close().has_value());
  reopen();
  for (const auto& [place, value] : model) ASSERT_EQ(value_at(*store_, place), value);
  const auto own = [](const auto& item) { return item.first.is_own(); };
  EXPECT_EQ(store_->records(), static_cast<std::uint64_t>(std::ranges::count_if(model, own)));
}

TEST_P(AnyGeneration, KeepsTheMembershipDocument) {
  Membership document{.cluster = {5}, .cluster_key = {}, .epoch = {3}, .founder = {7}};
  document.members.push_back({.id = {7}, .name = "a", .address = "127.0.0.1:9000", .zone = "z"});
  ASSERT_TRUE(make_durable(*store_, store_->save_document(document)));
  reopen();
  EXPECT_EQ(store_->document(), document);
}

TEST_P(AnyGeneration, CloseSavesEverythingAndEndsWriting) {
  put(1, "one");
  store_->flush();
  const CommitId last = put(2, "two");
  ASSERT_TRUE(store_->close().has_value());
  EXPECT_GE(store_->collect(), last);  // the driver still has acknowledgements to send
  EXPECT_EQ(store_->admit().error().code, Errc::closed);
  EXPECT_EQ(get(2), "two");
  reopen();
  EXPECT_EQ(get(1), "one");
  EXPECT_EQ(get(2), "two");
}

// With an interval that never ends, only what is hurried, or closed, is synced.
TEST_F(DiskStoreTest, RelaxedSyncsWhenHurried) {
  options_.sync = false;
  options_.relaxed_interval = std::chrono::hours(10);
  reopen_without_checkpoints();
  const int before = disk_.syncs();
  const CommitId waiting = put(2, "waiting");
  store_->flush();
  const CommitId behind = put(3, "behind");
  store_->flush();
  EXPECT_EQ(store_->collect(), std::nullopt);
  EXPECT_EQ(disk_.syncs(), before);
  EXPECT_LT(waiting, behind);
  store_->hurry(behind);
  EXPECT_TRUE(make_durable(*store_, behind));
  put(4, "saved by close");
  store_->flush();
  ASSERT_TRUE(store_->close().has_value());
  reopen();
  EXPECT_EQ(get(4), "saved by close");
}

TEST_F(DiskStoreTest, RefusesClientsWhileTooMuchWaitsForTheDisk) {
  options_.overlay_bytes_max = 100'000;
  reopen();
  disk_.hold_syncs();
  CommitId id = put(0, std::string(20'000, 'x'));
  store_->flush();
  disk_.wait_until_held();
  EXPECT_TRUE(store_->admit().has_value());
  for (std::uint64_t n = 1; n < 6; ++n) id = put(n, std::string(20'000, 'x'));
  const Status refused = store_->admit();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::overloaded);
  EXPECT_NE(refused.error().message.find("wait for the disk"), std::string::npos);
  disk_.release_syncs();
  ASSERT_TRUE(make_checkpoint(*store_, id));
  EXPECT_TRUE(store_->admit().has_value());
}

// ---- between log and LMDB -------------------------------------------------------------------------------------

TEST_F(DiskStoreTest, WhatIsInTheLogAloneIsReplayed) {
  put_into_lmdb(1, "old");
  reopen_without_checkpoints();
  put(2, "logged");
  put(3, "logged");
  store_->erase(Place(NodeId{5}, slot_at(9)));
  put_durably(1, "new");
  reopen();
  EXPECT_EQ(store_->checkpointed(), CommitId{1});
  EXPECT_EQ(get(1), "new");
  EXPECT_EQ(get(3), "logged");
  EXPECT_EQ(store_->records(), 3U);
  EXPECT_GT(put(4, "next"), CommitId{2});
}

// A start replays what the log holds, and that is bounded: it is moved into LMDB before it grows beyond.
TEST_F(DiskStoreTest, ALongLogIsMovedIntoLmdb) {
  options_.segment_bytes = 64 << 10;
  options_.log_bytes_max = 1 << 20;
  reopen_without_checkpoints();
  CommitId last;
  for (int i = 0; i < 400; ++i) {
    last = put(1, std::to_string(i));  // one key: the overlay stays small
    ASSERT_TRUE(make_durable(*store_, last));
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(options_.dir / "log"))
      if (file.path().extension() == ".log") bytes += file.file_size();
    ASSERT_LE(bytes, options_.log_bytes_max);
  }
  EXPECT_GT(store_->checkpointed(), CommitId{200});
}

TEST_F(DiskStoreTest, AReplayLargerThanTwoGenerationsIsMovedIntoLmdbOnTheWay) {
  reopen_without_checkpoints();
  for (std::uint64_t n = 0; n < 100; ++n) put_durably(n, std::string(1000, 'x'));
  options_.generation_bytes = 20'000;
  int told = 0;
  options_.replaying = [&told](double share) { told += share <= 1 ? 1 : 0; };
  reopen();
  EXPECT_EQ(told, 100);
  EXPECT_GT(store_->checkpointed(), CommitId{50});
  EXPECT_LE(list_log_files(options_.dir / "log")->segments.size(), 2U) << "what was moved is not kept as well";
  for (std::uint64_t n = 0; n < 100; ++n) ASSERT_EQ(get(n).size(), 1000U);
  EXPECT_EQ(store_->records(), 100U);
}

// Whoever is refused because too much waits is let in again without having to write first.
TEST_F(DiskStoreTest, AFullOverlayEmptiesByItself) {
  options_.overlay_bytes_max = 50'000;
  options_.generation_bytes = 20'000;
  reopen();
  while (store_->admit()) put(store_->records(), std::string(5'000, 'x'));
  ASSERT_TRUE(make_durable(*store_, put(1000, "merged")));
  EXPECT_TRUE(reach_health(*store_));
}

TEST_F(DiskStoreTest, AStoreWithoutALogOfItsOwnGetsOne) {
  put_into_lmdb(1, "old");
  std::string about;
  append_u64(about, 4);
  append_u64(about, 7);
  tamper("meta", "about", about);
  std::filesystem::remove_all(options_.dir / "log");
  reopen();
  EXPECT_EQ(get(1), "old");
  put_durably(2, "new");
  reopen();
  EXPECT_EQ(get(2), "new");
}

TEST_F(DiskStoreTest, RefusesToGoOnWithoutItsLog) {
  put_durably(1, "v");
  store_.reset();
  std::filesystem::remove_all(options_.dir / "log");
  EXPECT_EQ(refusal().code, Errc::corrupt);
  EXPECT_NE(refusal().message.find("the commit log is missing"), std::string::npos);
}

TEST_F(DiskStoreTest, RefusesADamagedLog) {
  reopen_without_checkpoints();
  for (std::uint64_t n = 0; n < 5; ++n) put_durably(n, "v");
  store_.reset();
  const LogFiles files = *list_log_files(options_.dir / "log");
  std::fstream segment(segment_path(options_.dir / "log", files.segments.back()), std::ios::in | std::ios::out);
  segment.seekp(2 * kLogBlock + 10);
  segment.put('?').flush();
  EXPECT_EQ(refusal().code, Errc::corrupt);
  EXPECT_NE(refusal().message.find("the commit log is damaged: commit 2 was saved"), std::string::npos)
      << refusal().message;
}

// ---- damage: "don't know", never "absent" ---------------------------------------------------------------------

TEST_F(DiskStoreTest, DamagedRecordIsCorruptAndNotAbsent) {
  put(1, "good");
  put_into_lmdb(2, "bad");
  std::string bytes = encode_entry(slot_at(2), *entry_of("key2", "bad"));
  for (const std::size_t at : {std::size_t{0}, std::size_t{4}, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    tamper("records", place_bytes(slot_at(2)), damaged);
    store_ = open_store(options_);
    const Result<EntryPtr> read = store_->read(slot_at(2));
    ASSERT_FALSE(read.has_value()) << "byte " << at;
    EXPECT_EQ(read.error().code, Errc::corrupt);
    const std::vector<PlacedEntry> all = scan_all(*store_, 10);
    ASSERT_EQ(all.size(), 2U);
    for (const PlacedEntry& found : all) EXPECT_EQ(found.entry == nullptr, found.place == Place(slot_at(2)));
    EXPECT_EQ(store_->corrupt_reads(), 2u);
    EXPECT_EQ(get(1), "good");
  }
}

TEST_F(DiskStoreTest, DamagedRecordCanBeOverwritten) {
  put_into_lmdb(1, "v");
  tamper("records", place_bytes(slot_at(1)), "nonsense");
  store_ = open_store(options_);
  EXPECT_FALSE(store_->read(slot_at(1)).has_value());
  put_durably(1, "repaired");
  EXPECT_EQ(get(1), "repaired");
}

// ---- stores that are refused at open --------------------------------------------------------------------------

TEST_F(DiskStoreTest, RefusesADamagedDocument) {
  tamper("meta", "document", "nonsense");
  EXPECT_EQ(refusal().code, Errc::corrupt);
  EXPECT_NE(refusal().message.find("damaged"), std::string::npos);
}

TEST_F(DiskStoreTest, RefusesANewerFormat) {
  std::string about;
  append_u64(about, 7);
  append_u64(about, 7);
  tamper("meta", "about", about);
  EXPECT_EQ(refusal().code, Errc::refused);
  EXPECT_NE(refusal().message.find("has format 7, newer than the 6"), std::string::npos);
}

TEST_F(DiskStoreTest, RefusesAnOlderFormat) {
  for (const std::uint64_t format : {1, 2, 3}) {
    std::string about;
    append_u64(about, format);
    append_u64(about, 7);
    tamper("meta", "about", about);
    EXPECT_EQ(refusal().code, Errc::refused);
    const std::string sentence =
        "has format " + std::to_string(format) + ", older than the 6 that this version reads: ";
    EXPECT_NE(refusal().message.find(sentence + "dump its keys with the older version"), std::string::npos);
  }
}

TEST_F(DiskStoreTest, RefusesAnotherNodesRecords) {
  options_.owner = NodeId{8};
  EXPECT_EQ(refusal().code, Errc::refused);
  EXPECT_NE(refusal().message.find("belongs to node 0000000000000007"), std::string::npos);
}

TEST_F(DiskStoreTest, RefusesAMissingStoreOfANodeThatHadOne) {
  store_.reset();
  options_.create = false;
  std::filesystem::remove_all(options_.dir);
  EXPECT_EQ(refusal().code, Errc::refused);
  EXPECT_NE(refusal().message.find("missing"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(options_.dir));
  std::filesystem::create_directories(options_.dir);
  std::ofstream(options_.dir / "data.mdb").flush();
  EXPECT_NE(refusal().message.find("missing"), std::string::npos);
}

TEST_F(DiskStoreTest, RefusesAFileThatIsNoStore) {
  store_.reset();
  std::ofstream(options_.dir / "data.mdb", std::ios::trunc) << std::string(100'000, 'x');
  EXPECT_EQ(refusal().code, Errc::corrupt);
  EXPECT_NE(refusal().message.find("is no store of shoal"), std::string::npos);
}

TEST_F(DiskStoreTest, RefusesACopyThatBrokeOff) {
  for (std::uint64_t n = 0; n < 100; ++n) put(n, std::string(40'000, 'x'));
  put_into_lmdb(100, "v");
  store_.reset();
  std::filesystem::resize_file(options_.dir / "data.mdb", 1 << 20);
  EXPECT_EQ(refusal().code, Errc::corrupt);
  EXPECT_NE(refusal().message.find("cut short"), std::string::npos);
}

// The last page is gone: what was on it is "don't know", and nothing crashes.
TEST_F(DiskStoreTest, SurvivesAMissingLastPage) {
  for (std::uint64_t n = 0; n < 100; ++n) put(n, std::string(5'000, 'x'));
  put_into_lmdb(100, "v");
  store_.reset();
  const auto file = options_.dir / "data.mdb";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 4096);
  const auto opened = DiskStore::open(options_);
  if (!opened) {
    EXPECT_EQ(opened.error().code, Errc::corrupt);
    return;
  }
  int readable = 0;
  for (std::uint64_t n = 0; n < 100; ++n) {
    const Result<EntryPtr> read = (*opened)->read(slot_at(n));
    if (!read) continue;
    EXPECT_EQ(value_of(*read).size(), 5'000u);
    ++readable;
  }
  EXPECT_GT(readable, 0);
}

TEST_F(DiskStoreTest, OpensTheRecordsOfARunWithASmallerMap) {
  for (std::uint64_t n = 0; n < 100; ++n) put(n, std::string(40'000, 'x'));
  put_into_lmdb(100, "v");
  options_.map_bytes = 1 << 20;
  reopen();
  EXPECT_EQ(get(100), "v");
}

}  // namespace
}  // namespace shoal::test
