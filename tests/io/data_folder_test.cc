#include "node/io/storage/data_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <set>

#include "gossip/incarnations.h"
#include "node/base/bytes.h"
#include "node/base/rng.h"
#include "tests/io/disk_image.h"
#include "tests/io/faulty_disk.h"
#include "tests/io/store_kit.h"

namespace shoal::test {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class DataFolderTest : public ::testing::Test {
 protected:
  static DataFolder open(const fs::path& dir) { return std::move(DataFolder::open(dir)).value(); }
  // Refused with this code and these words; nothing in the folder has changed.
  void refuses(Errc code, const std::string& words) {
    const std::string before = slurp(dir_ / "identity");
    const auto opened = DataFolder::open(dir_);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, code) << opened.error().message;
    EXPECT_NE(opened.error().message.find(words), std::string::npos) << opened.error().message;
    EXPECT_EQ(slurp(dir_ / "identity"), before);
  }
  void write_identity(const std::string& text) { std::ofstream(dir_ / "identity", std::ios::trunc) << text; }

  TempFolder folder_;
  fs::path dir_ = folder_ / "node";
};

TEST_F(DataFolderTest, DrawsAnIdentityOnceAndKeepsIt) {
  const Identity first = open(dir_).identity();
  EXPECT_NE(first.node, NodeId{});
  EXPECT_EQ(first.starts, 1u);
  const DataFolder again = open(dir_);
  EXPECT_EQ(again.identity().node, first.node);
  EXPECT_FALSE(again.joined());
  EXPECT_NE(open(folder_ / "other").identity().node, first.node);
}

// Ruling 4: no two starts share an incarnation, and a later one is higher.
TEST_F(DataFolderTest, EveryStartHasAHigherIncarnation) {
  Incarnation last;
  for (std::uint64_t start = 1; start <= 5; ++start) {
    const DataFolder folder = open(dir_);
    EXPECT_EQ(folder.incarnation().start(), start);
    EXPECT_EQ(decode_identity(slurp(dir_ / "identity"))->starts, start);
    EXPECT_GT(folder.incarnation(), last);
    last = folder.incarnation();
  }
}

// A clone of the folder starts with the same counter, and is told apart by the random bits.
TEST_F(DataFolderTest, AClonesIncarnationDiffers) {
  open(dir_);
  fs::copy(dir_, folder_ / "clone", fs::copy_options::recursive);
  const Incarnation original = open(dir_).incarnation();
  const Incarnation clone = open(folder_ / "clone").incarnation();
  EXPECT_EQ(original.start(), clone.start());
  EXPECT_NE(original, clone);
}

// What peers that remember make of a copy that is put back in place of its folder. They see it by the start counter
// alone: a copy taken since the last start they cannot see, and it must never be put back (docs/operations.md).
TEST_F(DataFolderTest, APutBackCopyIsStaleUnlessItWasTakenInTheLastRun) {
  Incarnations peers;
  const NodeId node = open(dir_).identity().node;
  fs::copy(dir_, folder_ / "older", fs::copy_options::recursive);
  ASSERT_EQ(peers.observe(node, open(dir_).incarnation()), Incarnations::Verdict::newer);
  ASSERT_EQ(peers.observe(node, open(dir_).incarnation()), Incarnations::Verdict::newer);
  fs::copy(dir_, folder_ / "newest", fs::copy_options::recursive);
  EXPECT_EQ(peers.observe(node, open(folder_ / "older").incarnation()), Incarnations::Verdict::stale);
  EXPECT_EQ(peers.observe(node, open(folder_ / "newest").incarnation()), Incarnations::Verdict::newer);
}

TEST_F(DataFolderTest, RemembersClusterAndName) {
  ASSERT_TRUE(open(dir_).join(ClusterId{9}, "alpha one").has_value());
  DataFolder again = open(dir_);
  EXPECT_TRUE(again.joined());
  EXPECT_EQ(again.identity().cluster, ClusterId{9});
  EXPECT_EQ(again.identity().name, "alpha one");
  EXPECT_TRUE(again.join(ClusterId{9}, "alpha two").has_value());
  EXPECT_EQ(again.identity().name, "alpha two");
}

TEST_F(DataFolderTest, RefusesASecondCluster) {
  DataFolder folder = open(dir_);
  ASSERT_TRUE(folder.join(ClusterId{9}, "alpha").has_value());
  const Status refused = folder.join(ClusterId{10}, "alpha");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("belongs to cluster 0000000000000009, not to 000000000000000a"),
            std::string::npos);
  EXPECT_EQ(folder.identity().cluster, ClusterId{9});
}

TEST_F(DataFolderTest, RefusesANameThatWouldBreakTheFile) {
  DataFolder folder = open(dir_);
  EXPECT_EQ(folder.join(ClusterId{9}, "a\nstarts 0").error().code, Errc::invalid);
  EXPECT_FALSE(open(folder_ / "other").joined());
}

TEST_F(DataFolderTest, RefusesAFolderInUse) {
  const DataFolder holder = open(dir_);
  refuses(Errc::refused, "in use by process " + std::to_string(::getpid()));
  EXPECT_FALSE(DataFolder::reset(dir_).has_value());
}

// However a process ends, its lock ends with it.
TEST_F(DataFolderTest, ADeadProcessHoldsNoLock) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = DataFolder::open(dir_);
    ::_exit(held ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(open(dir_).identity().starts, 2u);
}

TEST_F(DataFolderTest, RefusesAFile) {
  std::ofstream(dir_) << "a file";
  const auto opened = DataFolder::open(dir_);
  EXPECT_EQ(opened.error().code, Errc::invalid);
  EXPECT_NE(opened.error().message.find("it is not a folder"), std::string::npos);
  EXPECT_EQ(slurp(dir_), "a file");
}

TEST_F(DataFolderTest, RefusesSomebodyElsesFiles) {
  fs::create_directories(dir_);
  std::ofstream(dir_ / "thesis.txt") << "years";
  refuses(Errc::refused, "it holds other files ('thesis.txt'): choose an empty folder");
  EXPECT_FALSE(fs::exists(dir_ / "LOCK"));
  EXPECT_FALSE(DataFolder::reset(dir_).has_value());
  EXPECT_EQ(slurp(dir_ / "thesis.txt"), "years");
}

TEST_F(DataFolderTest, TakesAFreshFileSystem) {
  fs::create_directories(dir_ / "lost+found");
  EXPECT_EQ(open(dir_).identity().starts, 1u);
}

TEST_F(DataFolderTest, RefusesRecordsWithoutAnIdentity) {
  fs::create_directories(dir_ / "store");
  refuses(Errc::refused, "it holds records but no identity");
}

TEST_F(DataFolderTest, RefusesANewerFormat) {
  open(dir_);
  write_identity("shoal data folder\nformat 2\nsomething new\n");
  refuses(Errc::refused, "it has format 2, newer than the 1");
}

TEST_F(DataFolderTest, RefusesADamagedIdentity) {
  open(dir_);
  const std::string good = slurp(dir_ / "identity");
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const auto identity = decode_identity(damaged);
    EXPECT_FALSE(identity.has_value()) << "byte " << at;
  }
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(decode_identity(good.substr(0, length)).has_value()) << "length " << length;
  write_identity(good.substr(0, good.size() / 2));
  refuses(Errc::corrupt, "identity file is damaged");
}

TEST_F(DataFolderTest, RefusesAnExhaustedStartCounter) {
  open(dir_);
  write_identity(encode_identity({.node = {5}, .cluster = {}, .name = "", .starts = Incarnation::kStartsMax}));
  refuses(Errc::refused, "has used up its 16777215 starts");
}

// Root may write anywhere, so the test steps down for a moment.
TEST_F(DataFolderTest, RefusesAFolderThatCannotBeWritten) {
  fs::create_directories(dir_);
  fs::permissions(folder_.path(), fs::perms(0711));
  fs::permissions(dir_, fs::perms(0555));
  const bool root = ::geteuid() == 0;
  ASSERT_EQ(root ? ::seteuid(65534) : 0, 0);
  const auto existing = DataFolder::open(dir_);
  const auto fresh = DataFolder::open(dir_ / "below");
  ASSERT_EQ(root ? ::seteuid(0) : 0, 0);
  ASSERT_FALSE(existing.has_value());
  EXPECT_NE(existing.error().message.find("it cannot be written to (Permission denied)"), std::string::npos)
      << existing.error().message;
  ASSERT_FALSE(fresh.has_value());
  EXPECT_NE(fresh.error().message.find("it cannot be created"), std::string::npos);
}

TEST_F(DataFolderTest, ResetGivesUpIdentityAndRecords) {
  NodeId before;
  {
    DataFolder folder = open(dir_);
    before = folder.identity().node;
    ASSERT_TRUE(folder.join(ClusterId{9}, "alpha").has_value());
    const auto store = open_store({.dir = folder.store_dir(), .owner = before, .map_bytes = 1 << 20});
    store->write(slot_at(1), entry_of("key", "value"));
    ASSERT_TRUE(store->close().has_value());
  }
  ASSERT_TRUE(DataFolder::reset(dir_).has_value());
  const DataFolder folder = open(dir_);
  EXPECT_NE(folder.identity().node, before);
  EXPECT_FALSE(folder.joined());
  EXPECT_EQ(folder.identity().starts, 1u);
  EXPECT_FALSE(fs::exists(folder.store_dir()));
}

// Whatever is wrong with the identity: a reset that was asked for helps.
TEST_F(DataFolderTest, ResetHelpsADamagedFolder) {
  open(dir_);
  write_identity("damaged");
  ASSERT_TRUE(DataFolder::reset(dir_).has_value());
  EXPECT_EQ(open(dir_).identity().starts, 1u);
}

TEST_F(DataFolderTest, ResetOfAnEmptyOrMissingFolder) {
  EXPECT_EQ(DataFolder::reset(dir_).error().code, Errc::invalid);
  fs::create_directories(dir_);
  EXPECT_TRUE(DataFolder::reset(dir_).has_value());
}

TEST_F(DataFolderTest, ResetSparesASnapshot) {
  open(dir_);
  std::ofstream(dir_ / kManifestName) << "a snapshot";
  const std::string identity = slurp(dir_ / "identity");
  const Status refused = DataFolder::reset(dir_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("it is a snapshot: restore it into another folder"), std::string::npos);
  EXPECT_EQ(slurp(dir_ / "identity"), identity);
}

// Wherever it broke off: before there were records, among them, or with an identity.
TEST_F(DataFolderTest, ResetClearsABrokenOffRestore) {
  for (int got_to = 0; got_to < 3; ++got_to) {
    fs::create_directories(got_to > 0 ? dir_ / "store" : dir_);
    std::ofstream(dir_ / kRestoringName) << "";
    if (got_to > 0) std::ofstream(dir_ / "store" / "data.mdb") << "half";
    if (got_to > 1) write_identity("damaged");
    const Status reset = DataFolder::reset(dir_);
    ASSERT_TRUE(reset) << reset.error().message;
    EXPECT_FALSE(fs::exists(dir_ / kRestoringName));
    EXPECT_EQ(open(dir_).identity().starts, 1u);
    fs::remove_all(dir_);
  }
}

// ---- failing disks and power cuts -----------------------------------------------------------------------------------

TEST_F(DataFolderTest, AFailureAnywhereInAStartCostsNoIdentity) {
  ASSERT_TRUE(open(dir_).join(ClusterId{5}, "n1"));
  Identity known = open(dir_).identity();
  bool struck = true;
  for (std::size_t pass = 0; struck; ++pass) {
    FaultyDisk disk(dir_);
    disk.fail_calls(pass, 1, pass % 2 == 0 ? EIO : ENOSPC);
    {
      const Result<DataFolder> failed = DataFolder::open(dir_);
      struck = !disk.struck().empty();
      if (!failed) {
        EXPECT_NE(failed.error().message.find(dir_.string()), std::string::npos) << failed.error().message;
      }
      if (failed) known.starts = failed->identity().starts;
    }
    disk.heal();
    const Identity found = open(dir_).identity();
    EXPECT_GT(found.starts, known.starts) << pass;
    known.starts = found.starts;
    ASSERT_EQ(found, known) << pass;
  }
  EXPECT_GT(known.starts, 10U);
}

// A start that was counted is never counted again: its number is part of every dot that it has minted.
TEST_F(DataFolderTest, APowerCutAnywhereInAStartCostsNoIdentityAndNoStart) {
  struct Report {
    std::size_t ops;
    Identity identity;
  };
  std::vector<Report> reports;
  std::vector<DiskOp> ops;
  {
    FaultyDisk disk(folder_.path());
    for (int i = 0; i < 4; ++i) {
      DataFolder folder = open(dir_);
      reports.push_back({disk.op_count(), folder.identity()});
      if (i == 1) {
        ASSERT_TRUE(folder.join(ClusterId{5}, "n1"));
      }
      reports.push_back({disk.op_count(), folder.identity()});
    }
    ops = disk.ops();
  }
  Rng rng(1);
  for (std::size_t cut = 1; cut <= ops.size(); ++cut) {
    for (const Unsynced unsynced : {Unsynced::lost, Unsynced::half, Unsynced::kept}) {
      const TempFolder image(TempFolder::kInMemory);
      cut_power(ops, cut, unsynced, rng, folder_.path(), image.path());
      const Result<DataFolder> opened = DataFolder::open(image / "node");
      ASSERT_TRUE(opened) << cut << ": " << opened.error().message;
      for (const Report& report : reports) {
        if (report.ops >= cut) break;
        ASSERT_EQ(opened->identity().node, report.identity.node) << cut;
        ASSERT_GT(opened->identity().starts, report.identity.starts) << cut;
        ASSERT_TRUE(report.identity.name.empty() || opened->identity().name == "n1") << cut;
      }
    }
  }
}

}  // namespace
}  // namespace shoal::test
