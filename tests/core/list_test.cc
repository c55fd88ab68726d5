// Listings: each key once, in pages that skip nothing, from replicas that differ.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

PartitionId partition_of(Cluster& c, const std::string& key) { return c.node('a').ring()->partition_of(c.slot(key)); }

// `count` keys of one partition.
std::vector<std::string> neighbours(Cluster& c, std::size_t count) {
  std::vector<std::string> keys;
  const PartitionId wanted = partition_of(c, "n0");
  for (int i = 0; keys.size() < count; ++i) {
    const std::string key = "n" + std::to_string(i);
    if (partition_of(c, key) == wanted) keys.push_back(key);
  }
  return keys;
}

TEST(List, NamesEachKeyOnceHoweverManyReplicasHoldIt) {
  Cluster c("abcd");
  std::vector<std::string> keys;
  for (int i = 0; i < 30; ++i) keys.push_back("key-" + std::to_string(i));
  for (const std::string& key : keys) c.put(c.owners(key)[0], {.key = key});
  for (const Name via : {'a', 'b', 'c', 'd'})
    EXPECT_THAT(c.list_all(via, "", 1000), UnorderedElementsAreArray(keys)) << via;
}

TEST(List, KeepsToItsPrefix) {
  Cluster c("abc");
  for (const char* key : {"fruit/apple", "fruit/pear", "fruits", "stone"}) c.put('a', {.key = key});
  EXPECT_THAT(c.list_all('b', "fruit/", 1000), UnorderedElementsAre("fruit/apple", "fruit/pear"));
  EXPECT_THAT(c.list_all('b', "nothing", 1000), IsEmpty());
}

TEST(List, ComesInPages) {
  Cluster c("abc");
  const std::vector<std::string> keys = neighbours(c, 7);
  for (const std::string& key : keys) c.put('a', {.key = key});
  std::vector<std::string> seen;
  std::vector<std::size_t> sizes;
  for (std::optional<Slot> after;;) {
    const ListReply page = c.list('b', {.partition = partition_of(c, keys[0]), .after = after, .limit = 3});
    seen.insert(seen.end(), page.names.begin(), page.names.end());
    sizes.push_back(page.names.size());
    if (!(after = page.next)) break;
  }
  EXPECT_THAT(sizes, ElementsAre(3, 3, 1));
  EXPECT_THAT(seen, UnorderedElementsAreArray(keys));
}

// A page in which nothing matches is empty and yet not the end.
TEST(List, GoesOnAfterAnEmptyPage) {
  Cluster c("abc");
  const std::vector<std::string> keys = neighbours(c, 3);
  for (const std::string& key : keys) c.put('a', {.key = key});
  for (const std::string& key : keys) EXPECT_THAT(c.list_all('b', key, 1), testing::Contains(key));
}

TEST(List, LeavesOutTombstones) {
  Cluster c("abc");
  const PutReply put = c.put('a', {.key = "gone"});
  c.put('a', {.key = "here"});
  c.del('a', "gone", put.context);
  EXPECT_THAT(c.list_all('b', "", 1000), ElementsAre("here"));
}

// What is told apart is what a read of the key would say: one value, several, or none.
TEST(List, NamesConflictsAndTombstonesAlone) {
  Cluster c("abc");
  c.put('a', {.key = "alone"});
  for (const char* key : {"twins", "settled", "revived"}) {
    c.put('a', {.key = key});
    c.put('b', {.key = key, .value = "other"});
  }
  c.put('a', {.key = "settled", .context = c.get('a', {.key = "settled"}).context});
  const PutReply gone = c.put('a', {.key = "gone"});
  c.del('a', "gone", gone.context);
  c.del('a', "revived", c.get('a', {.key = "revived"}).context);
  c.put('b', {.key = "revived"});  // blind: beside the tombstone
  const auto names = [&](KeyFilter filter) {
    std::vector<std::string> all;
    for (const char* key : {"alone", "twins", "settled", "gone", "revived"}) {
      const ListReply page = c.list('c', {.prefix = key, .partition = partition_of(c, key), .filter = filter});
      all.insert(all.end(), page.names.begin(), page.names.end());
    }
    return all;
  };
  EXPECT_THAT(names(KeyFilter::live), ElementsAre("alone", "twins", "settled", "revived"));
  EXPECT_THAT(names(KeyFilter::conflicts), ElementsAre("twins"));
  EXPECT_THAT(names(KeyFilter::tombstones), ElementsAre("gone"));
  EXPECT_EQ(c.get('c', {.key = "revived"}).values.size(), 1U) << "no conflict for a read either";
}

// Each of two replicas knows of one value: the conflict is in what they hold together.
TEST(List, FindsAConflictThatNoReplicaHoldsAlone) {
  Cluster c("abc");
  c.isolate('a');
  c.isolate('b');
  c.put('a', {.value = "one", .w = 1});
  c.put('b', {.value = "two", .w = 1});
  c.heal();
  c.believe('c', Liveness::dead);
  const auto names = [&](KeyFilter filter) {
    return c.list('a', {.partition = partition_of(c, "k"), .r = 2, .filter = filter}).names;
  };
  EXPECT_THAT(names(KeyFilter::conflicts), ElementsAre("k"));
  EXPECT_THAT(names(KeyFilter::tombstones), IsEmpty());
}

TEST(List, MergesBeforeItDecides) {
  Cluster c("abc");
  const PutReply put = c.put('a', {.key = "gone", .w = 3});
  c.isolate('c');
  c.del('a', "gone", put.context);
  c.put('a', {.key = "new"});
  c.heal();
  const std::vector<std::string> names = c.list_all('c', "", 1000);  // c alone would say "gone"
  EXPECT_THAT(names, ElementsAre("new"));
}

// Two replicas hold different keys, so their scans of one length end in different places: what the longer one saw
// beyond the end of the shorter one must neither be named twice nor make a page skip what lies between.
TEST(List, EndsAPageWhereTheShortestScanEnded) {
  for (const Name via : {'a', 'b'}) {
    Cluster c("abc");
    std::vector<std::string> keys = neighbours(c, 6);
    std::ranges::sort(keys, {}, [&](const std::string& key) { return c.slot(key); });
    c.isolate('a');
    c.isolate('b');
    for (std::size_t i = 0; i < keys.size(); ++i) c.put(i < 3 ? 'b' : 'a', {.key = keys[i], .w = 1});
    c.heal();
    c.believe('c', Liveness::dead);
    std::vector<std::string> seen;
    for (std::optional<Slot> after;;) {
      const ListReply page = c.list(via, {.partition = partition_of(c, keys[0]), .after = after, .limit = 2, .r = 2});
      seen.insert(seen.end(), page.names.begin(), page.names.end());
      if (!(after = page.next)) break;
    }
    EXPECT_EQ(seen, keys) << "via " << via;
  }
}

TEST(List, AsksOthersWhenAReplicaCannotReadItsCopy) {
  Cluster c("abc");
  c.put('a', {.w = 3});
  c.store('a').spoil(c.slot("k"));
  EXPECT_THAT(c.list('a', {.partition = partition_of(c, "k"), .r = 2}).names, ElementsAre("k"));
  c.store('b').spoil(c.slot("k"));
  c.store('c').spoil(c.slot("k"));
  const ListReply refused = c.list('a', {.partition = partition_of(c, "k"), .r = 1});
  EXPECT_EQ(refused.outcome.code, Errc::timeout);
}

TEST(List, AsksAgainAndGivesUpAtItsDeadline) {
  Cluster c("abc");
  c.put('a', {.w = 3});
  c.isolate('a');
  ListRequest page{{}, "default", "", partition_of(c, "k"), std::nullopt, 10, 2, 1000ms};
  const CallId first = c.ask('a', page);
  c.advance(100ms);
  c.heal();
  c.advance(500ms);
  EXPECT_THAT(c.reply<ListReply>(first).names, ElementsAre("k"));
  c.isolate('a');
  const CallId second = c.ask('a', page);
  c.advance(1s);
  EXPECT_EQ(c.reply<ListReply>(second).outcome.code, Errc::timeout);
  EXPECT_THAT(c.reply<ListReply>(second).outcome.message, HasSubstr("only 1 of 2 replicas answered the listing"));
}

TEST(List, OfAPartitionThatIsNotThereIsRefused) {
  Cluster c("abc");
  EXPECT_THAT(c.list('a', {.partition = {256}}).outcome.message, HasSubstr("there is no partition 256"));
  EXPECT_EQ(c.list('a', {.partition = {0}, .r = 4}).outcome.code, Errc::invalid);
}

// A place before the partition would show other partitions' keys under this one.
TEST(List, StaysInItsPartitionWhateverPlaceItIsToldToGoOnFrom) {
  Cluster c("abc");
  c.put('a', {.key = "k"});
  const std::uint32_t next = partition_of(c, "k").value + 1;
  ASSERT_LT(next, 256U);
  EXPECT_THAT(c.list('a', {.partition = {next}, .after = Slot{}, .r = 1}).names, IsEmpty());
  EXPECT_THAT(c.list('a', {.partition = partition_of(c, "k"), .after = Slot{}, .r = 1}).names, ElementsAre("k"));
}

}  // namespace
}  // namespace shoal
