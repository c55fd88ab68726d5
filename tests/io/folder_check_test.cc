// What the check of a stopped node's folder says, whatever has become of it.
#include "node/io/storage/folder_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "node/io/storage/commit_log.h"
#include "node/io/storage/data_folder.h"
#include "node/io/storage/log_segment.h"
#include "node/wire/entry_codec.h"
#include "tests/io/store_kit.h"

namespace shoal::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FolderCheckTest : public testing::Test {
 protected:
  FolderCheckTest() {
    DataFolder folder = DataFolder::open(dir_).value();
    node_ = folder.identity().node;
    EXPECT_TRUE(folder.join(ClusterId{9}, "alpha"));
    document_ = {.cluster = {9}, .cluster_key = {}, .epoch = {3}, .founder = node_};
    document_.members.push_back({.id = node_, .name = "alpha", .address = "127.0.0.1:9000", .zone = "z"});
    const auto store = open_store(options());
    store->save_document(document_);
    const CommitId last = put(*store, "one");
    EXPECT_TRUE(make_checkpoint(*store, last));
    put(*store, "two");
    EXPECT_TRUE(store->close());
  }

  [[nodiscard]] StoreOptions options() const {
    StoreOptions options = options_in(dir_ / "store");
    options.owner = node_;
    return options;
  }
  CommitId put(DiskStore& store, const std::string& name) {
    const EntryPtr entry = entry_of(name, "value");
    return store.write(slot_of(document_.cluster_key, entry->key), entry);
  }
  void log_document(const std::string& sealed) {
    const std::filesystem::path dir = dir_ / "store" / "log";
    RecoveredLog found = *recover_log(dir, node_, {}, [](const LogBatch&, double) { return Status(Unit{}); });
    const CommitId id{found.newest.value + 1};
    const auto log = *CommitLog::open({.dir = dir, .owner = node_, .spares_ahead = 0}, std::move(found));
    log->take(std::make_shared<LogBatch>(LogBatch{.id = id, .changes = {}, .document = sealed}));
    log->finish();
  }
  // Behind the store's back.
  void change_lmdb(auto change) {
    const LmdbEnv env = *LmdbEnv::open(dir_ / "store", options().map_bytes);
    LmdbTxn txn;
    ASSERT_EQ(env.begin(0, txn), 0);
    ASSERT_EQ(change(txn.get(), env), 0);
    ASSERT_EQ(mdb_txn_commit(txn.release()), 0);
  }
  void put_into_lmdb(const Slot& slot, std::string_view bytes) {
    const std::string place = place_bytes(slot);
    MDB_val key = lmdb_val(place);
    MDB_val value = lmdb_val(bytes);
    change_lmdb([&](MDB_txn* txn, const LmdbEnv& env) { return mdb_put(txn, env.records, &key, &value, 0); });
  }

  const TempFolder temp_;
  const std::filesystem::path dir_ = temp_ / "data";
  NodeId node_;
  Membership document_;
};

TEST_F(FolderCheckTest, OfAHealthyFolderSaysWhatIsThere) {
  const Result<FolderCheck> check = check_folder(dir_);
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_EQ(check->damages, 0U);
  EXPECT_THAT(check->wrong, IsEmpty());
  EXPECT_THAT(check->found, ElementsAre(HasSubstr("name \"alpha\", cluster 0000000000000009, 1 start"),
                                        HasSubstr("number 3, 1 member"), "LMDB: 1 record", "LMDB: 0 hints",
                                        "LMDB: 0 acceptors", "LMDB: digests of 4096 partitions",
                                        HasSubstr("1 commit with 1 change behind LMDB's checkpoint 1")));
}

TEST_F(FolderCheckTest, ChangesNothing) {
  const auto snapshot = [&] {
    std::map<std::string, std::string> files;
    for (const auto& file : std::filesystem::recursive_directory_iterator(dir_)) {
      std::ifstream in(file.path(), std::ios::binary);
      if (file.is_regular_file()) files[file.path()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return files;
  };
  const auto before = snapshot();
  ASSERT_TRUE(check_folder(dir_));
  EXPECT_EQ(snapshot(), before);
}

TEST_F(FolderCheckTest, NamesEachRecordThatCannotBeRead) {
  put_into_lmdb(slot_at(1), "nonsense");
  const Result<FolderCheck> check = check_folder(dir_);
  ASSERT_TRUE(check);
  EXPECT_THAT(check->wrong, ElementsAre(HasSubstr("the record at " + to_hex(place_bytes(slot_at(1))))));
}

TEST_F(FolderCheckTest, FindsARecordWhereItDoesNotBelong) {
  put_into_lmdb(slot_at(2), encode_entry(slot_at(2), *entry_of("one", "value")));
  EXPECT_THAT(check_folder(dir_)->wrong, ElementsAre(HasSubstr("holds key \"one\", which belongs elsewhere"),
                                                     HasSubstr("the digests of 1 of 1048576 leaves do not agree")));
}

TEST_F(FolderCheckTest, FindsTheHomeOfARecordWhoseKeyHasChanged) {
  const EntryPtr entry = entry_of("three", "value");
  const Place home(slot_of(document_.cluster_key, entry->key));
  put_into_lmdb(slot_at(1), encode_entry(home, *entry));
  EXPECT_THAT(check_folder(dir_)->wrong.front(),
              HasSubstr("belongs to " + to_hex(place_bytes(home)) + ": its key has changed on the disk"));
}

TEST_F(FolderCheckTest, CountsTheLeavesWhoseDigestsAreNotThoseOfTheirRecords) {
  change_lmdb([](MDB_txn* txn, const LmdbEnv& env) { return mdb_drop(txn, env.deltas, 0); });
  EXPECT_THAT(check_folder(dir_)->wrong, ElementsAre(HasSubstr("of 1 of 1048576 leaves do not agree")));
  change_lmdb([](MDB_txn* txn, const LmdbEnv& env) { return mdb_drop(txn, env.digests, 1); });
  EXPECT_THAT(check_folder(dir_)->wrong, ElementsAre("the table of digests is missing"));
}

// A young node has had no checkpoint: its document, and with it the places of all records, is in the log alone.
TEST_F(FolderCheckTest, KnowsTheDocumentThatIsOnlyInTheLog) {
  std::filesystem::remove_all(dir_ / "store");
  {
    StoreOptions young = options();
    young.generation_bytes = 1 << 20;
    const auto store = open_store(young);
    document_.cluster = ClusterId{8};
    store->write(slot_at(1), entry_of("one", "value"));
    make_durable(*store, store->save_document(document_));
  }
  put_into_lmdb(slot_at(2), encode_entry(slot_at(2), *entry_of("two", "value")));
  const Result<FolderCheck> check = check_folder(dir_);
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_THAT(check->found, testing::Contains(HasSubstr("number 3, 1 member, in the commit log")));
  EXPECT_THAT(check->wrong, ElementsAre(HasSubstr("is of cluster 0000000000000008, the identity of"),
                                        HasSubstr("key \"two\", which belongs elsewhere"),
                                        HasSubstr("the digests of 1 of 256 leaves"),
                                        HasSubstr("key \"one\", which belongs elsewhere")));
}

TEST_F(FolderCheckTest, FindsADocumentInTheLogThatCannotBeRead) {
  log_document("nonsense");
  const Result<FolderCheck> check = check_folder(dir_);
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_THAT(check->found, testing::Contains(HasSubstr("number 3, 1 member"))) << "LMDB's is the newest good one";
  EXPECT_THAT(check->wrong, ElementsAre(HasSubstr("the membership document in commit ")));
}

TEST_F(FolderCheckTest, FindsARestoreThatBrokeOff) {
  std::ofstream(dir_ / kRestoringName) << "";
  EXPECT_THAT(check_folder(dir_)->wrong, ElementsAre(HasSubstr("restoring it from a snapshot broke off")));
}

TEST_F(FolderCheckTest, TellsSomeOfManyDamages) {
  for (std::uint64_t n = 0; n < 50; ++n) put_into_lmdb(slot_at(n), "nonsense");
  const Result<FolderCheck> check = check_folder(dir_);
  EXPECT_EQ(check->damages, 50U);
  EXPECT_EQ(check->wrong.size(), kDamagesTold);
}

TEST_F(FolderCheckTest, FindsADamagedOrMissingLog) {
  const std::filesystem::path log = dir_ / "store" / "log";
  const LogFiles files = *list_log_files(log);
  std::fstream segment(segment_path(log, files.segments.back()), std::ios::in | std::ios::out | std::ios::binary);
  segment.seekp(2 * kLogBlock + 50);
  segment.put('?').flush();
  EXPECT_THAT(check_folder(dir_)->wrong, ElementsAre(HasSubstr("the commit log is damaged: commit 2")));
  std::filesystem::remove_all(log);
  EXPECT_EQ(check_folder(dir_)->damages, 1U);
}

TEST_F(FolderCheckTest, FindsACopyThatBrokeOff) {
  std::filesystem::resize_file(dir_ / "store" / "data.mdb", 3 * 4096);
  EXPECT_THAT(check_folder(dir_)->wrong, ElementsAre(HasSubstr("is cut short")));
}

TEST_F(FolderCheckTest, FindsMissingRecords) {
  std::filesystem::remove(dir_ / "store" / "data.mdb");
  EXPECT_THAT(check_folder(dir_)->wrong, ElementsAre(HasSubstr("the records are missing")));
}

TEST_F(FolderCheckTest, RefusesWhatItCannotLookAt) {
  EXPECT_THAT(check_folder(dir_ / "nowhere").error().message, HasSubstr("is no folder"));
  EXPECT_THAT(check_folder(temp_.path()).error().message, HasSubstr("is no data folder"));
  const DataFolder running = DataFolder::open(dir_).value();
  EXPECT_THAT(check_folder(dir_).error().message, HasSubstr("is in use by a running node"));
}

}  // namespace
}  // namespace shoal::test
