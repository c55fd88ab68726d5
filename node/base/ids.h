// Names of things, one type each, so that passing the wrong one does not compile.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace shoal {

// A member for life: drawn at random when its data folder is created.
struct NodeId {
  std::uint64_t value = 0;
  auto operator<=>(const NodeId&) const = default;
};

// Drawn by the founder; nodes of different clusters refuse each other.
struct ClusterId {
  std::uint64_t value = 0;
  auto operator<=>(const ClusterId&) const = default;
};

// One process start of one node, unique for ever: a durable start counter above random bits. A higher start wins;
// the same start with other random bits is a clone of the data folder.
struct Incarnation {
  static constexpr int kRandomBits = 40;
  static constexpr std::uint64_t kStartsMax = (std::uint64_t{1} << (64 - kRandomBits)) - 1;

  std::uint64_t value = 0;
  auto operator<=>(const Incarnation&) const = default;

  [[nodiscard]] std::uint64_t start() const { return value >> kRandomBits; }
  static Incarnation of(std::uint64_t start, std::uint64_t random) {
    return {(start << kRandomBits) | (random & ((std::uint64_t{1} << kRandomBits) - 1))};
  }
};

// The number of a membership document.
struct Epoch {
  std::uint64_t value = 0;
  auto operator<=>(const Epoch&) const = default;
};

// One of the Q fixed slices of the key space.
struct PartitionId {
  std::uint32_t value = 0;
  auto operator<=>(const PartitionId&) const = default;
};

// Where a key lives: its keyed 128-bit hash. Partition and leaf are its first bits.
struct Slot {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  auto operator<=>(const Slot&) const = default;
};

// A group of writes that become durable together; ids grow through all starts of a node.
struct CommitId {
  std::uint64_t value = 0;
  auto operator<=>(const CommitId&) const = default;
};

// One client operation, whatever number of times it is sent.
struct RequestId {
  std::uint64_t client = 0;  // random, drawn once per client
  std::uint64_t sequence = 0;
  auto operator<=>(const RequestId&) const = default;
};

// Pairs a reply with the question asked; unique per asking process.
struct CallId {
  std::uint64_t value = 0;
  auto operator<=>(const CallId&) const = default;
};

// A full key: names are unique within a bucket.
struct Key {
  std::string bucket;
  std::string name;
  auto operator<=>(const Key&) const = default;
};

std::string to_string(NodeId id);  // 16 hex digits
std::string to_string(ClusterId id);
std::string to_string(Incarnation incarnation);

}  // namespace shoal

template <>
struct std::hash<shoal::Slot> {
  std::size_t operator()(const shoal::Slot& slot) const noexcept { return slot.lo; }  // already a keyed hash
};
