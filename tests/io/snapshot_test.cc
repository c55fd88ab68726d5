// Snapshots: copied while the node writes on, listed, removed, restored into a later life of the node.
#include "node/io/storage/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "node/io/storage/folder_check.h"
#include "node/io/storage/sync_file.h"
#include "node/io/storage/text_lines.h"
#include "node/wire/entry_codec.h"
#include "tests/io/faulty_disk.h"
#include "tests/io/store_kit.h"

namespace shoal::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr WallTime kThen{1'763'899'467'000};

class SnapshotTest : public testing::Test {
 protected:
  SnapshotTest() {
    DataFolder folder = DataFolder::open(dir_).value();
    EXPECT_TRUE(folder.join(ClusterId{9}, "alpha"));
    identity_ = folder.identity();
    document_ = {.cluster = {9}, .cluster_key = {}, .epoch = {3}, .founder = identity_.node};
    document_.members.push_back({.id = identity_.node, .name = "alpha", .address = "127.0.0.1:9000", .zone = "z"});
  }

  [[nodiscard]] StoreOptions options(const fs::path& dir) const {
    StoreOptions options = options_in(dir / "store");
    options.owner = identity_.node;
    return options;
  }
  [[nodiscard]] Place place_of(const std::string& name) const {
    return slot_of(document_.cluster_key, entry_of(name, "")->key);
  }
  [[nodiscard]] Place hint() const { return {NodeId{77}, place_of("hinted").slot}; }
  CommitId put(DiskStore& store, const std::string& name, const std::string& value = "value") {
    return store.write(place_of(name), entry_of(name, value));
  }
  // Turns until LMDB holds everything, then a reader of it.
  static LmdbTxn reader_of(DiskStore& store) {
    EXPECT_TRUE(make_checkpoint(store, store.checkpoint_now()));
    return store.read_checkpoint().value();
  }
  Result<Manifest> take(DiskStore& store, const std::string& name) {
    return write_snapshot({store.env(), identity_}, reader_of(store), {.name = name, .created = kThen}, snapshots_,
                          progress_);
  }
  // A store with a document, a hint and the records "one", "two", and its snapshot "s".
  std::unique_ptr<DiskStore> make_snapshot(StoreOptions options) {
    fs::create_directories(snapshots_);
    auto store = open_store(options);
    store->save_document(document_);
    put(*store, "one");
    store->write(hint(), entry_of("hinted", "for 77"));
    put(*store, "two");
    const Result<Manifest> taken = take(*store, "s");
    EXPECT_TRUE(taken) << taken.error().message;
    return store;
  }

  const TempFolder temp_;
  const fs::path dir_ = temp_ / "data";
  const fs::path snapshots_ = dir_ / "snapshots";
  Identity identity_;
  Membership document_;
  CopyProgress progress_;
};

class SnapshotOfAnyGeneration : public SnapshotTest, public testing::WithParamInterface<std::size_t> {};

// What has not reached LMDB by itself is in it as well.
TEST_P(SnapshotOfAnyGeneration, HoldsEverythingWrittenBeforeAndNothingLater) {
  StoreOptions made = options(dir_);
  made.generation_bytes = GetParam();
  const auto store = make_snapshot(made);
  put(*store, "three");
  put(*store, "one", "newer");
  ASSERT_TRUE(store->close());
  const Result<Restored> restored = restore_snapshot(snapshots_ / "s", temp_ / "again", kThen);
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->manifest, (Manifest{.name = "s", .created = kThen, .records = 2, .hints = 1}));
  const auto again = open_store(options(temp_ / "again"));
  EXPECT_EQ(value_at(*again, place_of("one")), "value");
  EXPECT_EQ(value_at(*again, place_of("two")), "value");
  EXPECT_EQ(value_at(*again, place_of("three")), "-");
  EXPECT_EQ(value_at(*again, hint()), "for 77");
  EXPECT_EQ(again->document(), document_);
  EXPECT_EQ(again->records(), 2U);
  EXPECT_EQ(fault_in_tree(*again), "");
}
INSTANTIATE_TEST_SUITE_P(, SnapshotOfAnyGeneration, testing::Values(1, 1 << 20),
                         [](const auto& made) { return made.param == 1 ? "InLmdb" : "InTheOverlay"; });

TEST_F(SnapshotTest, ItsReaderSeesNothingOfWhatIsMovedMeanwhile) {
  fs::create_directories(snapshots_);
  const auto store = open_store(options(dir_));
  put(*store, "one");
  LmdbTxn reader = reader_of(*store);
  ASSERT_TRUE(make_checkpoint(*store, put(*store, "two")));
  const Result<Manifest> taken = write_snapshot({store->env(), identity_}, std::move(reader),
                                                {.name = "s", .created = kThen}, snapshots_, progress_);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->records, 1U);
  EXPECT_EQ(progress_.entries, 1U);
}

TEST_F(SnapshotTest, ARestoredNodeIsALaterLifeOfTheSameNode) {
  make_snapshot(options(dir_));
  Identity later = identity_;
  {  // the node goes on living, and dies
    for (int i = 0; i < 100; ++i) later = DataFolder::open(dir_)->identity();
  }
  ASSERT_TRUE(restore_snapshot(snapshots_ / "s", temp_ / "again", kThen));
  const DataFolder restored = DataFolder::open(temp_ / "again").value();
  EXPECT_EQ(restored.identity().node, later.node);
  EXPECT_EQ(restored.identity().name, later.name);
  EXPECT_EQ(restored.identity().cluster, later.cluster);
  EXPECT_GT(restored.identity().starts, later.starts);
  EXPECT_EQ(restored.incarnation().start(), restored.identity().starts);
}

// Two restored lives of one snapshot must not be taken for clones.
TEST_F(SnapshotTest, RestoredAgainLaterItIsALaterLifeStill) {
  make_snapshot(options(dir_));
  const WallTime monday{kThen.ms + 1000L * 3600 * 24};
  const WallTime tuesday{kThen.ms + 1000L * 3600 * 48};
  const std::uint64_t first = restore_snapshot(snapshots_ / "s", temp_ / "a", monday)->identity.starts;
  const std::uint64_t second = restore_snapshot(snapshots_ / "s", temp_ / "b", tuesday)->identity.starts;
  EXPECT_GT(second, first + 5000);
  const Result<Restored> too_old = restore_snapshot(snapshots_ / "s", temp_ / "c", {kThen.ms + 1'000'000'000'000});
  ASSERT_FALSE(too_old);
  EXPECT_THAT(too_old.error().message, HasSubstr("too old by this machine's clock"));
}

TEST_F(SnapshotTest, AClockBehindDoesNotTurnLivesBack) {
  make_snapshot(options(dir_));
  EXPECT_GT(restore_snapshot(snapshots_ / "s", temp_ / "a", {0})->identity.starts, identity_.starts);
}

TEST_F(SnapshotTest, IsListedCheckedAndRemoved) {
  make_snapshot(options(dir_));
  const std::vector<FoundSnapshot> found = find_snapshots(snapshots_);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].manifest.name, "s");
  EXPECT_EQ(found[0].bytes, fs::file_size(snapshots_ / "s" / "store" / "data.mdb"));
  const Result<FolderCheck> check = check_folder(snapshots_ / "s");
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_THAT(check->wrong, IsEmpty());
  EXPECT_EQ(check->records, 2U);
  ASSERT_TRUE(remove_snapshot(snapshots_, "s"));
  EXPECT_THAT(find_snapshots(snapshots_), IsEmpty());
  EXPECT_TRUE(fs::exists(snapshots_ / ".s.shoal-draft"));
  sweep_snapshots(snapshots_);
  EXPECT_TRUE(fs::is_empty(snapshots_));
  EXPECT_EQ(remove_snapshot(snapshots_, "s").error().code, Errc::not_found);
}

// The folder may be a link to somebody's own.
TEST_F(SnapshotTest, ASweepTakesNothingOfAnybodyElse) {
  const std::vector<std::string> theirs{".git",         ".s", ".shoal-draft", "..shoal-draft", ".a b.shoal-draft",
                                        "s.shoal-draft"};
  for (const std::string& name : theirs) fs::create_directories(snapshots_ / name / "deep");
  fs::create_directories(snapshots_ / ".s.shoal-draft" / "store");
  sweep_snapshots(snapshots_);
  for (const std::string& name : theirs) EXPECT_TRUE(fs::exists(snapshots_ / name / "deep")) << name;
  EXPECT_FALSE(fs::exists(snapshots_ / ".s.shoal-draft"));
}

TEST_F(SnapshotTest, OfThatNameNothingIsThereAfterAFailureAnywhere) {
  fs::create_directories(snapshots_);
  const auto store = open_store(options(dir_));
  put(*store, "one");
  ASSERT_TRUE(make_checkpoint(*store, store->checkpoint_now()));
  bool struck = true;
  std::size_t pass = 0;
  for (; struck; ++pass) {
    FaultyDisk disk(snapshots_);
    disk.fail_calls(pass, 1, EIO);
    const Result<Manifest> taken = take(*store, "s");
    struck = !disk.struck().empty();
    disk.heal();
    EXPECT_TRUE(taken || fs::is_empty(snapshots_)) << pass;
    fs::remove_all(snapshots_ / "s");
  }
  EXPECT_GT(pass, 10U);
}

TEST_F(SnapshotTest, ADraftThatFindsItsNameTakenIsRemoved) {
  fs::create_directories(snapshots_ / "s" / "theirs");
  const auto store = open_store(options(dir_));
  put(*store, "one");
  const Result<Manifest> taken = take(*store, "s");
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("cannot create"));
  EXPECT_FALSE(fs::exists(snapshots_ / ".s.shoal-draft"));
  EXPECT_TRUE(fs::exists(snapshots_ / "s" / "theirs"));
}

TEST_F(SnapshotTest, StoppedOnTheWayItLeavesNothing) {
  fs::create_directories(snapshots_);
  const auto store = open_store(options(dir_));
  put(*store, "one");
  progress_.stop = true;
  const Result<Manifest> taken = take(*store, "s");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::closed);
  EXPECT_TRUE(fs::is_empty(snapshots_));
}

TEST_F(SnapshotTest, OfADamagedRecordThereIsNone) {
  fs::create_directories(snapshots_);
  const auto store = open_store(options(dir_));
  put(*store, "one");
  ASSERT_TRUE(make_checkpoint(*store, store->checkpoint_now()));
  {
    LmdbTxn txn;
    ASSERT_EQ(store->env().begin(0, txn), 0);
    const std::string place = place_bytes(slot_at(1));
    MDB_val key = lmdb_val(place);
    MDB_val value = lmdb_val("nonsense");
    ASSERT_EQ(mdb_put(txn.get(), store->env().records, &key, &value, 0), 0);
    ASSERT_EQ(mdb_txn_commit(txn.release()), 0);
  }
  const Result<Manifest> taken = take(*store, "s");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::corrupt);
  EXPECT_THAT(taken.error().message, HasSubstr("the record at " + to_hex(place_bytes(slot_at(1)))));
  EXPECT_TRUE(fs::is_empty(snapshots_));
}

TEST_F(SnapshotTest, ADamagedOneIsNotRestored) {
  make_snapshot(options(dir_));
  const fs::path data = snapshots_ / "s" / "store" / "data.mdb";
  std::string bytes(fs::file_size(data), '\0');
  std::ifstream(data, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const std::size_t at = bytes.find("for 77");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'F';
  std::ofstream(data, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const Result<Restored> restored = restore_snapshot(snapshots_ / "s", temp_ / "again", kThen);
  ASSERT_FALSE(restored);
  EXPECT_THAT(restored.error().message, HasSubstr("is damaged: the hint at"));
  EXPECT_FALSE(fs::exists(temp_ / "again"));
}

// A sum that has gone wrong is mended by the node in time, and is not carried over meanwhile.
TEST_F(SnapshotTest, ItsDigestsAreThoseOfItsRecords) {
  const auto store = make_snapshot(options(dir_));
  {
    LmdbTxn txn;
    ASSERT_EQ(store->env().begin(0, txn), 0);
    ASSERT_EQ(mdb_drop(txn.get(), store->env().deltas, 0), 0);
    ASSERT_EQ(mdb_txn_commit(txn.release()), 0);
  }
  ASSERT_TRUE(take(*store, "t"));
  EXPECT_THAT(check_folder(snapshots_ / "t")->wrong, IsEmpty());
  ASSERT_TRUE(restore_snapshot(snapshots_ / "t", temp_ / "again", kThen));
  EXPECT_EQ(fault_in_tree(*open_store(options(temp_ / "again"))), "");
}

TEST_F(SnapshotTest, OneThatLacksRecordsIsNotRestored) {
  make_snapshot(options(dir_));
  Manifest manifest = find_snapshots(snapshots_)[0].manifest;
  ++manifest.records;
  std::ofstream(snapshots_ / "s" / kManifestName) << encode_manifest(manifest);
  const Result<Restored> restored = restore_snapshot(snapshots_ / "s", temp_ / "again", kThen);
  ASSERT_FALSE(restored);
  EXPECT_THAT(restored.error().message, HasSubstr("holds 2 records and 1 hints, and should hold 3 and 1"));
}

TEST_F(SnapshotTest, IsNoDataFolder) {
  make_snapshot(options(dir_));
  const Result<DataFolder> opened = DataFolder::open(snapshots_ / "s");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("it is a snapshot: restore it into another folder"));
}

TEST_F(SnapshotTest, ANodesFolderIsNotRestoredInto) {
  make_snapshot(options(dir_));
  const Result<Restored> restored = restore_snapshot(snapshots_ / "s", dir_, kThen);
  ASSERT_FALSE(restored);
  EXPECT_THAT(restored.error().message, HasSubstr("a node lives in it"));
}

// Broken off anywhere, the folder is none until it was restored again.
TEST_F(SnapshotTest, ABrokenOffRestoreIsNoDataFolderAndCanBeDoneAgain) {
  make_snapshot(options(dir_));
  const auto breaks_off = [](const fs::path& store) -> Status {
    fs::create_directories(store);
    std::ofstream(store / "data.mdb") << "half";
    return fail(Errc::no_space, "full");
  };
  EXPECT_EQ(DataFolder::restore(temp_ / "again", identity_, breaks_off).error().code, Errc::no_space);
  EXPECT_THAT(DataFolder::open(temp_ / "again").error().message, HasSubstr("broke off"));
  ASSERT_TRUE(restore_snapshot(snapshots_ / "s", temp_ / "again", kThen));
  EXPECT_TRUE(DataFolder::open(temp_ / "again"));
  EXPECT_EQ(value_at(*open_store(options(temp_ / "again")), place_of("one")), "value");
}

TEST(SnapshotCopy, IsVerifiedToTheLastByte) {
  const TempFolder temp;
  const auto write = [&](const char* name, const std::string& bytes) { std::ofstream(temp / name) << bytes; };
  for (const std::size_t size : {std::size_t{1}, std::size_t{1} << 20, (std::size_t{2} << 20) + 7}) {
    const std::string bytes(size, 'x');
    write("original", bytes);
    write("copy", bytes);
    EXPECT_TRUE(verify_copy(temp / "original", temp / "copy")) << size;
    for (const std::string& other : {bytes + "x", bytes.substr(1), bytes.substr(1) + "y", "y" + bytes.substr(1)}) {
      write("copy", other);
      EXPECT_EQ(verify_copy(temp / "original", temp / "copy").error().code, Errc::corrupt) << size;
    }
  }
  EXPECT_FALSE(verify_copy(temp / "original", temp / "nowhere"));
}

TEST(SnapshotManifest, IsReadAsItWasWritten) {
  const Manifest manifest{.name = "nightly", .created = kThen, .records = 12, .hints = 3};
  const std::string text = encode_manifest(manifest);
  EXPECT_EQ(decode_manifest(text).value(), manifest);
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(decode_manifest(text.substr(0, i))) << i;
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(decode_manifest(changed)) << i;
  }
  std::string newer = text;
  newer.replace(newer.find("format 2"), 8, "format 3");
  EXPECT_EQ(decode_manifest(newer).error().code, Errc::refused);
}

TEST(SnapshotManifest, OfTheReleaseBeforeAcceptorsIsRead) {
  std::string text = "shoal snapshot\nformat 1\nname nightly\ncreated 1763899467000\nrecords 12\nhints 3\n";
  text += check_line(text);
  EXPECT_EQ(decode_manifest(text).value(),
            (Manifest{.name = "nightly", .created = {1'763'899'467'000}, .records = 12, .hints = 3}));
}

// Nobody shall believe that promises can be restored.
TEST(SnapshotManifest, WithAcceptorsThereIsNone) {
  const std::string text = encode_manifest({.name = "nightly", .created = kThen, .records = 12, .hints = 3});
  EXPECT_THAT(text, HasSubstr("\nacceptors 0\n"));
  std::string with_one = text.substr(0, text.find("check "));
  with_one.replace(with_one.find("acceptors 0"), 11, "acceptors 1");
  EXPECT_FALSE(decode_manifest(with_one + check_line(with_one)));
}

TEST(SnapshotName, IsThatOfAFolderAndNothingElse) {
  for (const char* good : {"a", "nightly", "2026-11-23T12-00-00.000Z", "a_b"}) EXPECT_TRUE(check_snapshot_name(good));
  for (const std::string bad : {"", ".", "..", ".hidden", "a/b", "a b", "\xc3\xa4"})
    EXPECT_FALSE(check_snapshot_name(bad));
  EXPECT_FALSE(check_snapshot_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace shoal::test
