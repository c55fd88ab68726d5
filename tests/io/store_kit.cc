#include "tests/io/store_kit.h"

#include <poll.h>
#include <unistd.h>

#include <cstdlib>

#include "node/base/check.h"
#include "node/io/storage/digest_table.h"

namespace shoal::test {
namespace {

constexpr int kPatienceMs = 60'000;
constexpr int kTurnsMax = 100'000;

}  // namespace

TempFolder::TempFolder(Place place) {
  const bool in_memory = place == kInMemory && ::access("/dev/shm", W_OK) == 0;
  const std::filesystem::path base = in_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
  std::string name = (base / "shoal-store-XXXXXX").string();
  SHOAL_CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

StoreOptions options_in(const std::filesystem::path& dir) {
  return {.dir = dir,
          .owner = NodeId{7},
          .retry_interval = std::chrono::milliseconds(5),
          .generation_bytes = 1,
          .segment_bytes = std::size_t{256} << 10,
          .spares_ahead = 0,
          .map_bytes = std::size_t{64} << 20};
}

std::unique_ptr<DiskStore> open_store(const StoreOptions& options) {
  return std::move(DiskStore::open(options)).value();  // throws the sentence when it fails
}

Slot slot_at(std::uint64_t n) { return {.hi = n * 0x9e3779b97f4a7c15ULL, .lo = n}; }

EntryPtr entry_of(const std::string& name, const std::string& value) {
  const Dot dot{.actor = {.incarnation = {3}, .epoch = 1}, .counter = 1};
  Entry entry{.key = {.bucket = "default", .name = name}, .record = {}, .ownership = {.incarnation = {3}, .epoch = 1}};
  entry.record.clock.raise(dot);
  entry.record.siblings.push_back(
      {.dot = dot, .hlc = {.value = 5}, .request = {}, .tombstone = false, .value = Blob(value)});
  entry.digest = hash128({}, name + ' ' + value);
  return std::make_shared<const Entry>(std::move(entry));
}

EntryPtr voter_of(const std::string& name, std::uint64_t ballot, const std::string& value) {
  KeyAcceptor acceptor;
  acceptor.accept({.counter = ballot, .proposer = {3}},
                  std::make_shared<const paxos::Register>(
                      paxos::Register{.version = 1, .exists = true, .value = Blob(value), .served = {{.version = 1}}}));
  return std::make_shared<const Entry>(Entry{.key = {.bucket = "default", .name = name},
                                             .kind = Kind::strong,
                                             .acceptor = std::make_shared<const KeyAcceptor>(std::move(acceptor))});
}

std::string value_of(const EntryPtr& entry) {
  if (!entry || entry->record.siblings.size() != 1) return "-";
  return std::string(entry->record.siblings.front().value.view());
}

std::string value_at(DiskStore& store, const Place& place) {
  const Result<EntryPtr> entry = store.read(place);
  return entry ? value_of(*entry) : entry.error().message;
}

std::vector<PlacedEntry> scan_all(DiskStore& store, std::size_t page, const Place& begin) {
  const Place end(NodeId{begin.is_hint() ? ~std::uint64_t{0} : 1}, Slot{});
  std::vector<PlacedEntry> all;
  std::optional<Place> after;
  while (true) {
    const std::vector<PlacedEntry> found = store.scan(begin, end, after, page).value();
    all.insert(all.end(), found.begin(), found.end());
    if (found.size() < page) return all;
    after = found.back().place;
  }
}

std::string fault_in_tree(DiskStore& store) {
  Tree sums(store.tree().partitions());
  for (const PlacedEntry& found : scan_all(store, 1000))
    if (found.entry) sums.change(found.place.slot, std::nullopt, found.entry->digest);
  for (std::uint32_t number = 0; number < sums.partitions() * kLeaves; ++number) {
    const TreeNode leaf = LeafId{number}.node();
    if (sums.at(leaf) != store.tree().at(leaf))
      return "leaf " + std::to_string(number) + " says " + std::to_string(store.tree().at(leaf).count) +
             " records, there are " + std::to_string(sums.at(leaf).count) + ", or others";
  }
  return {};
}

bool wait_for_event(DiskStore& store) {
  pollfd ready{.fd = store.event_fd(), .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, kPatienceMs) == 1;
}

bool make_durable(DiskStore& store, CommitId id) {
  store.flush();
  for (int i = 0; store.durable() < id && i < kTurnsMax; ++i) {
    if (!wait_for_event(store)) return false;
    store.collect();
    store.flush();
  }
  return store.durable() >= id;
}

bool make_checkpoint(DiskStore& store, CommitId id) {
  if (!make_durable(store, id)) return false;
  for (int i = 0; store.checkpointed() < id && i < kTurnsMax; ++i) {
    store.flush();
    if (!wait_for_event(store)) return false;
    store.collect();
  }
  return store.checkpointed() >= id;
}

bool reach_trouble(DiskStore& store) {
  store.flush();
  for (int i = 0; store.admit().has_value() && i < kTurnsMax; ++i) {
    if (!wait_for_event(store)) return false;
    store.collect();
    store.flush();
  }
  return !store.admit().has_value();
}

bool reach_health(DiskStore& store) {
  for (int i = 0; !store.admit().has_value() && i < kTurnsMax; ++i) {
    if (!wait_for_event(store)) return false;
    store.collect();
    store.flush();
  }
  return store.admit().has_value();
}

}  // namespace shoal::test
