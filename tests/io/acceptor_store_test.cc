// What a node remembers as a voter, on its disk: kept like anything else, in a table of its own, in no tree and in no
// snapshot; and never answered with "nothing" once it was there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "node/base/bytes.h"
#include "node/io/storage/folder_check.h"
#include "node/io/storage/snapshot.h"
#include "node/wire/entry_codec.h"
#include "tests/io/store_fixture.h"

namespace shoal::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Place acceptor_at(std::uint64_t n) { return Place::acceptor_of(slot_at(n)); }

EntryPtr vote_on(std::uint64_t follows) {
  Membership document{.cluster = {5}, .cluster_key = {}, .epoch = {follows + 1}, .founder = {7}};
  document.members.push_back({.id = {7}, .name = "a", .address = "127.0.0.1:9000", .zone = "z"});
  TopologyVote vote{.follows = {follows}, .acceptor = {}};
  vote.acceptor.accept({.counter = 3, .proposer = {4}}, std::move(document));
  return std::make_shared<const Entry>(
      Entry{.kind = Kind::strong, .vote = std::make_shared<const TopologyVote>(std::move(vote))});
}

std::vector<Place> places_of(const std::vector<PlacedEntry>& entries) {
  std::vector<Place> places;
  for (const PlacedEntry& found : entries) places.push_back(found.place);
  return places;
}

// What holds wherever the entries are: in LMDB at once, a few batches behind in the log, or in the log alone.
class AcceptorStore : public StoreFixture, public testing::WithParamInterface<std::size_t> {
 protected:
  AcceptorStore() {
    options_.generation_bytes = GetParam();
    reopen();
  }
  Result<EntryPtr> read(const Place& place) { return store_->read(place); }
  // Whether just this is there; what is shared in an entry is compared by its bytes.
  bool holds(const Place& place, const EntryPtr& entry) {
    const Result<EntryPtr> found = read(place);
    return found && *found && encode_entry(place, **found) == encode_entry(place, *entry);
  }
};
INSTANTIATE_TEST_SUITE_P(Sizes, AcceptorStore, testing::Values(1, 2'000, std::size_t{64} << 20),
                         [](const auto& size) { return std::to_string(size.param); });

TEST_P(AcceptorStore, ReturnsWhatWasPromisedAndAcceptedAfterReopening) {
  const EntryPtr voter = voter_of("key", 7, "chosen");
  EXPECT_EQ(*read(acceptor_at(1)), nullptr) << "nobody has asked for anything yet";
  store_->write(acceptor_at(1), voter_of("key", 6, "older"));
  store_->write(acceptor_at(1), voter);
  ASSERT_TRUE(make_durable(*store_, store_->write(Place::vote(), vote_on(8))));
  for (int round = 0; round < 2; ++round, reopen()) {
    EXPECT_TRUE(holds(acceptor_at(1), voter));
    EXPECT_TRUE(holds(Place::vote(), vote_on(8)));
    EXPECT_EQ(*read(slot_at(1)), nullptr) << "the key's record is something else";
    EXPECT_EQ(*read(acceptor_at(2)), nullptr);
  }
}

TEST_P(AcceptorStore, IsNoRecordAndHasNoDigest) {
  const Place hint(NodeId{~std::uint64_t{0} - 1}, slot_at(1));  // the last owner there can be
  put(1, "record");
  store_->write(hint, entry_of("key1", "hint"));
  store_->write(Place::vote(), vote_on(8));
  ASSERT_TRUE(make_durable(*store_, store_->write(acceptor_at(1), voter_of("key1", 7, "chosen"))));
  for (int round = 0; round < 2; ++round, reopen()) {
    EXPECT_EQ(store_->records(), 1U);
    EXPECT_EQ(fault_in_tree(*store_), "");
    EXPECT_THAT(places_of(scan_all(*store_, 10)), ElementsAre(Place(slot_at(1))));
    EXPECT_THAT(places_of(scan_all(*store_, 10, Place(NodeId{1}, Slot{}))), ElementsAre(hint));
  }
}

TEST_P(AcceptorStore, IsScannedInTheOrderOfItsSlots) {
  std::vector<Place> expected;
  for (std::uint64_t lo = 1; lo <= 20; ++lo) {
    expected.push_back(Place::acceptor_of({.hi = lo % 2, .lo = lo}));
    const CommitId id = store_->write(expected.back(), voter_of("k" + std::to_string(lo), lo, "v"));
    if (lo % 3 == 0) {
      ASSERT_TRUE(make_durable(*store_, id));
    }
  }
  store_->write(Place::vote(), vote_on(8));
  put(1, "record");
  std::ranges::sort(expected);
  for (const std::size_t page : {1U, 3U, 100U}) {
    std::vector<Place> found;
    std::optional<Place> after;
    do {
      const auto entries = store_->scan(Place::acceptor_of({}), Place::vote(), after, page).value();
      after = entries.empty() ? std::nullopt : std::optional(entries.back().place);
      for (const PlacedEntry& each : entries) EXPECT_EQ(each.entry->acceptor->accepted.counter, each.place.slot.lo);
      for (const Place& place : places_of(entries)) found.push_back(place);
    } while (after);
    EXPECT_EQ(found, expected);
  }
}

TEST_P(AcceptorStore, RaisesTheNumberOfAStoreWithoutAcceptors) {
  put_durably(1, "old");
  store_.reset();
  const auto format = [&](std::optional<std::uint64_t> set) {
    const LmdbEnv env = *LmdbEnv::open(options_.dir, options_.map_bytes);
    std::string about;
    append_u64(about, set.value_or(0));
    append_u64(about, options_.owner.value);
    LmdbTxn txn;
    MDB_val key = lmdb_val(kAboutName);
    MDB_val value{};
    EXPECT_EQ(set ? env.put_meta(kAboutName, about) : 0, 0);
    EXPECT_EQ(env.begin(set ? 0 : MDB_RDONLY, txn), 0);
    EXPECT_EQ(set ? mdb_drop(txn.get(), env.acceptors, 1) : 0, 0);
    EXPECT_EQ(mdb_get(txn.get(), env.meta, &key, &value), 0);
    const std::uint64_t found = read_u64(lmdb_view(value));
    EXPECT_EQ(mdb_txn_commit(txn.release()), 0);
    return found;
  };
  EXPECT_EQ(format(5), 5U);
  store_ = open_store(options_);
  EXPECT_EQ(get(1), "old");
  EXPECT_EQ(*read(acceptor_at(1)), nullptr) << "it has never voted";
  ASSERT_TRUE(make_durable(*store_, store_->write(acceptor_at(1), voter_of("key1", 7, "chosen"))));
  store_.reset();
  EXPECT_EQ(format(std::nullopt), 6U);
  store_ = open_store(options_);
  EXPECT_EQ(get(1), "old");
  EXPECT_TRUE(holds(acceptor_at(1), voter_of("key1", 7, "chosen")));
}

// ---- a whole folder ---------------------------------------------------------------------------------------------

class AcceptorFolder : public testing::Test {
 protected:
  AcceptorFolder() {
    DataFolder folder = DataFolder::open(dir_).value();
    EXPECT_TRUE(folder.join(ClusterId{9}, "alpha"));
    identity_ = folder.identity();
    document_ = {.cluster = {9}, .cluster_key = {}, .epoch = {3}, .founder = identity_.node};
    document_.members.push_back({.id = identity_.node, .name = "alpha", .address = "127.0.0.1:9000", .zone = "z"});
  }
  [[nodiscard]] StoreOptions options(const std::filesystem::path& dir) const {
    StoreOptions options = options_in(dir / "store");
    options.owner = identity_.node;
    return options;
  }
  [[nodiscard]] Place place_of(const std::string& name) const {
    return Place::acceptor_of(slot_of(document_.cluster_key, voter_of(name, 1, "")->key));
  }
  // A record, two acceptors and a vote in LMDB.
  std::unique_ptr<DiskStore> fill(std::size_t generation_bytes = 1) {
    StoreOptions made = options(dir_);
    made.generation_bytes = generation_bytes;
    auto store = open_store(made);
    store->save_document(document_);
    store->write(place_of("one").slot, entry_of("one", "value"));
    store->write(place_of("one"), voter_of("one", 7, "chosen"));
    store->write(place_of("two"), voter_of("two", 8, "chosen"));
    const CommitId last = store->write(Place::vote(), vote_on(3));
    EXPECT_TRUE(generation_bytes == 1 ? make_checkpoint(*store, last) : make_durable(*store, last));
    return store;
  }
  // Behind the store's back.
  void put_acceptor(const Place& place, std::string_view bytes) {
    const LmdbEnv env = *LmdbEnv::open(dir_ / "store", options(dir_).map_bytes);
    const std::string place_key = place_bytes(place);
    MDB_val key = lmdb_val(place_key);
    MDB_val value = lmdb_val(bytes);
    LmdbTxn txn;
    ASSERT_EQ(env.begin(0, txn), 0);
    ASSERT_EQ(mdb_put(txn.get(), env.acceptors, &key, &value, 0), 0);
    ASSERT_EQ(mdb_txn_commit(txn.release()), 0);
  }
  // A snapshot of what is in `store`, restored.
  void restore_copy_of(DiskStore& store) {
    CopyProgress progress;
    std::filesystem::create_directories(snapshots_);
    ASSERT_TRUE(make_checkpoint(store, store.checkpoint_now()));
    const Result<Manifest> taken = write_snapshot({store.env(), identity_}, store.read_checkpoint().value(),
                                                  {.name = "s", .created = {1000}}, snapshots_, progress);
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(taken->records, 1U);
    const Result<Restored> restored = restore_snapshot(snapshots_ / "s", again_, {1000});
    ASSERT_TRUE(restored) << restored.error().message;
  }

  const TempFolder temp_;
  const std::filesystem::path dir_ = temp_ / "data";
  const std::filesystem::path again_ = temp_ / "again";
  const std::filesystem::path snapshots_ = dir_ / "snapshots";
  Identity identity_;
  Membership document_;
};

TEST_F(AcceptorFolder, AreCountedAndWellInAHealthyOne) {
  ASSERT_TRUE(fill()->close());
  const Result<FolderCheck> check = check_folder(dir_);
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_THAT(check->wrong, IsEmpty());
  EXPECT_EQ(check->acceptors, 3U);
  EXPECT_THAT(check->found, Contains("LMDB: 3 acceptors"));
}

TEST_F(AcceptorFolder, AreWellInTheLogToo) {
  ASSERT_TRUE(fill(1 << 20)->close());
  const Result<FolderCheck> check = check_folder(dir_);
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_THAT(check->wrong, IsEmpty());
  EXPECT_EQ(check->acceptors, 0U);
}

TEST_F(AcceptorFolder, AreNamedWhenTheyAreDamaged) {
  ASSERT_TRUE(fill()->close());
  std::string bytes = encode_entry(place_of("one"), *voter_of("one", 7, "chosen"));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  put_acceptor(place_of("one"), bytes);
  put_acceptor(Place::vote(), "nonsense");
  EXPECT_THAT(check_folder(dir_)->wrong,
              ElementsAre(HasSubstr("the acceptor at " + to_hex(place_bytes(place_of("one")))),
                          HasSubstr("the acceptor at " + to_hex(place_bytes(Place::vote())))));
  const auto store = open_store(options(dir_));
  EXPECT_EQ(store->read(place_of("one")).error().code, Errc::corrupt);
  EXPECT_EQ(store->read(Place::vote()).error().code, Errc::corrupt);
  EXPECT_TRUE(store->read(place_of("two")));
}

TEST_F(AcceptorFolder, AreFoundWhereTheyDoNotBelong) {
  ASSERT_TRUE(fill()->close());
  const auto elsewhere = [](std::uint64_t n) { return Place::acceptor_of({.hi = n, .lo = n}); };
  put_acceptor(elsewhere(1), encode_entry(elsewhere(1), *voter_of("one", 7, "chosen")));
  put_acceptor(elsewhere(2), encode_entry(place_of("one"), *voter_of("one", 7, "chosen")));
  put_acceptor(elsewhere(3), encode_entry(Place::vote(), *vote_on(3)));
  EXPECT_THAT(check_folder(dir_)->wrong, ElementsAre(HasSubstr("holds key \"one\", which belongs elsewhere"),
                                                     HasSubstr("belongs to " + to_hex(place_bytes(place_of("one")))),
                                                     HasSubstr("belongs to " + to_hex(place_bytes(Place::vote())))));
}

TEST_F(AcceptorFolder, AMissingTableIsDamageInThisFormatAlone) {
  ASSERT_TRUE(fill()->close());
  {
    const LmdbEnv env = *LmdbEnv::open(dir_ / "store", options(dir_).map_bytes);
    LmdbTxn txn;
    ASSERT_EQ(env.begin(0, txn), 0);
    ASSERT_EQ(mdb_drop(txn.get(), env.acceptors, 1), 0);
    ASSERT_EQ(mdb_txn_commit(txn.release()), 0);
  }
  EXPECT_THAT(check_folder(dir_)->wrong, ElementsAre("the table of acceptors is missing"));
  std::string about;
  append_u64(about, 5);
  append_u64(about, identity_.node.value);
  {
    LmdbEnv env = *LmdbEnv::open(dir_ / "store", options(dir_).map_bytes);
    LmdbTxn txn;
    ASSERT_EQ(env.put_meta(kAboutName, about), 0);
    ASSERT_EQ(env.begin(0, txn), 0);
    ASSERT_EQ(mdb_drop(txn.get(), env.acceptors, 1), 0);
    ASSERT_EQ(mdb_txn_commit(txn.release()), 0);
  }
  EXPECT_THAT(check_folder(dir_)->wrong, IsEmpty());
}

// Ruling 23. What it promised after the snapshot, or before, somebody may have counted on.
TEST_F(AcceptorFolder, ARestoredNodeDoesNotKnowWhatItHasPromised) {
  restore_copy_of(*fill());
  const Result<FolderCheck> check = check_folder(again_);
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_EQ(check->acceptors, 0U);
  EXPECT_THAT(check->found, Contains(HasSubstr("restored from snapshot s")));
  auto store = open_store(options(again_));
  for (int round = 0; round < 2; ++round) {
    for (const Place& place : {place_of("one"), place_of("never asked about"), Place::vote()}) {
      const Result<EntryPtr> read = store->read(place);
      ASSERT_FALSE(read);
      EXPECT_EQ(read.error().code, Errc::corrupt);
      EXPECT_THAT(read.error().message, HasSubstr("restored from snapshot s"));
    }
    EXPECT_EQ(store->restored(), "s");
    EXPECT_EQ(store->corrupt_reads(), 0U) << "the disk is well";
    EXPECT_EQ(value_at(*store, place_of("one").slot), "value") << "records are what a snapshot is for";
    EXPECT_EQ(*store->read(place_of("two").slot), nullptr);
    store.reset();
    store = open_store(options(again_));
  }
}

TEST_F(AcceptorFolder, OnlyANewNodeStartsWithoutAPast) {
  restore_copy_of(*fill());
  ASSERT_TRUE(DataFolder::reset(again_));
  const auto store = open_store(options(again_));
  EXPECT_EQ(store->restored(), "");
  EXPECT_EQ(*store->read(place_of("one")), nullptr);
}

}  // namespace
}  // namespace shoal::test
