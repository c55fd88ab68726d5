// Bit rot: bytes of a stopped node's records change on its disk. No wrong value is ever returned, and a scrub brings
// back what was lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "client/shoal/client.hpp"
#include "node/base/rng.h"
#include "tests/process/nodes.h"

namespace shoal::test {
namespace {

constexpr int kKeys = 2000;
constexpr std::size_t kFlips = 200;
constexpr int kRotten = 2;  // n3

std::string key_of(int i) { return "k" + std::to_string(i); }
std::string value_of(int i) { return "value " + std::to_string(i) + " " + std::string(50, '.'); }

template <class T>
T number_at(const std::string& bytes, std::size_t at) {
  T number;
  std::memcpy(&number, bytes.data() + at, sizeof(T));
  return number;
}

// Where the records' bytes lie in LMDB's file: the sealed values, and the latter halves of their keys. (A leaf page has
// a head of 16 bytes with flags at 10 and the end of its list of nodes at 12; a node has a head of 8 bytes, which says
// how long its key is, and its data, which is elsewhere when bit 0 of its flags is set.) What holds the pages together
// is spared: a file whose structure is damaged is refused as a whole.
std::vector<std::pair<std::size_t, std::size_t>> record_ranges(const std::string& file) {
  constexpr std::size_t kPage = 4096;
  constexpr std::uint16_t kLeaf = 0x02;
  constexpr std::size_t kSlotBytes = 16;
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (std::size_t page = 2 * kPage; page + kPage <= file.size(); page += kPage) {
    if (number_at<std::uint16_t>(file, page + 10) != kLeaf) continue;
    const std::size_t list_end = number_at<std::uint16_t>(file, page + 12);
    for (std::size_t entry = 16; entry + 1 < list_end && entry < kPage; entry += 2) {
      const std::size_t node = page + number_at<std::uint16_t>(file, page + entry);
      if (node + 8 > page + kPage) break;
      const std::size_t data_bytes = number_at<std::uint16_t>(file, node);
      const bool elsewhere = (number_at<std::uint16_t>(file, node + 4) & 1) != 0;
      if (number_at<std::uint16_t>(file, node + 6) != kSlotBytes || elsewhere) continue;
      const std::size_t begin = node + 8 + kSlotBytes / 2;
      const std::size_t end = node + 8 + kSlotBytes + data_bytes;
      if (end <= page + kPage) ranges.emplace_back(begin, end);
    }
  }
  return ranges;
}

void flip_bits(const std::filesystem::path& data_mdb, std::size_t flips) {
  std::string file = read_file(data_mdb);
  const auto ranges = record_ranges(file);
  ASSERT_GT(ranges.size(), static_cast<std::size_t>(kKeys) / 2);
  Rng rng(1);
  for (std::size_t i = 0; i < flips; ++i) {
    const auto& [begin, end] = ranges[rng.below(ranges.size())];
    file[begin + rng.below(end - begin)] ^= static_cast<char>(1 << rng.below(8));
  }
  write_file(data_mdb, file);
}

class BitRot : public testing::Test {
 protected:
  // Through both levels that promise the newest value.
  void expect_right_values() {
    for (int i = 0; i < kKeys; ++i) {
      const Result<Object> object = db_.get(key_of(i), {.level = Level::quorum});
      ASSERT_TRUE(object) << key_of(i) << ": " << object.error().message;
      ASSERT_TRUE(object->exists() && !object->conflicted()) << key_of(i);
      ASSERT_EQ(object->value(), value_of(i));
    }
  }
  [[nodiscard]] Outcome ask(const std::vector<std::string>& words) const { return shoal(seeds_of(cluster_), words); }

  const TempFolder folder_;
  LocalCluster cluster_ = start_cluster(folder_.path(), 3);
  Client db_{Options{.seeds = cluster_.seeds(), .timeout = kPatience, .w = 3}};
};

TEST_F(BitRot, OfAStoppedNodeIsFoundAndMendedAndNeverReturned) {
  for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(db_.put(key_of(i), value_of(i)));
  // A snapshot makes LMDB hold everything that was written.
  ASSERT_EQ(ask({"snapshot", "create", "before", "--node", "n3"}).code, 0);
  ASSERT_EQ(cluster_.process(kRotten).end(SIGTERM), 0);
  flip_bits(cluster_.data_dir(kRotten) / "store" / "data.mdb", kFlips);
  ASSERT_TRUE(cluster_.restart(kRotten));
  expect_right_values();

  const Outcome repaired = ask({"repair", "start", "--scrub", "--wait"});
  EXPECT_EQ(repaired.code, 0) << repaired;
  const Result<RepairStatus> status = db_.async().repair("n3").get();
  ASSERT_TRUE(status);
  EXPECT_GT(status->scrub.damaged, kFlips / 4);
  EXPECT_TRUE(eventually([&] {
    const Result<RepairStatus> now = db_.async().repair("n3").get();
    return now && now->scrub.quarantined == 0;
  }));
  EXPECT_TRUE(eventually([&] { return ask({"diff", "n1", "n3"}).code == 0 && ask({"diff", "n2", "n3"}).code == 0; }));
  expect_right_values();

  // The other two are not asked any more: what is left is on the mended disk.
  for (const int other : {0, 1}) ASSERT_EQ(cluster_.process(other).end(SIGTERM), 0);
  Client alone(Options{.seeds = {cluster_.address(kRotten)}, .timeout = kPatience, .level = Level::eventual});
  for (int i = 0; i < kKeys; ++i) {
    const Result<Object> object = alone.get(key_of(i));
    ASSERT_TRUE(object && object->exists()) << key_of(i);
    ASSERT_EQ(object->value(), value_of(i));
  }
}

}  // namespace
}  // namespace shoal::test
