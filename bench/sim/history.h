// History: what every client did and was told, in the form that the checkers read.
//
// Outcomes as in Jepsen: `ok`; `fail` = certainly did not happen; `info` = nobody knows. Every written value carries
// the id of its operation, so a value that is read names the write it came from.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/base/time.h"
#include "node/core/message.h"
#include "vclock/version_vector.h"

namespace shoal::sim {

enum class Outcome : std::uint8_t { open, ok, fail, info };
enum class Function : std::uint8_t { get, put, del, list, bad_input, status, bucket };

std::string_view name_of(Outcome outcome);
std::string_view name_of(Function function);

struct Operation {
  RequestId id;
  Function function = Function::get;
  std::uint32_t key = 0;
  std::int32_t quorum = 0;      // r or w as asked: 0 = majority, -1 = all
  std::int32_t primaries = 0;   // pr or pw as asked
  Level level = Level::quorum;  // reads
  std::int32_t stand_ins = 0;   // of the answer: seats that a fallback answered for
  Instant invoked{};
  Instant ended{};
  Outcome outcome = Outcome::open;
  Errc error = Errc::ok;
  std::string value;                  // written
  std::vector<RequestId> saw;         // writes: the writes whose values the given context came with
  std::vector<RequestId> returned;    // reads: the writes whose values came back, sorted
  std::vector<std::string> garbage;   // reads: values that no operation of this key wrote
  VersionVector context;              // what the returned context or token covers
  std::vector<std::string> names;     // listings, all pages in order
  std::uint32_t first_partition = 0;  // listings: the partition
  std::string prefix;                 // listings
  std::vector<Errc> expected;         // bad input: the errors that are right
  std::string bucket;                 // changes of a bucket, in words
  // Of a key in a strong bucket.
  PutIf condition = PutIf::always;                // put: what it compared with
  RequestId compared;                             // and the write whose value that was; nobody's: {}
  std::optional<std::uint64_t> expected_version;  // put, del: with the context of a read
  std::optional<std::uint64_t> version;           // of the register, as the answer said
};

class History {
 public:
  Operation& invoke(Operation operation);
  [[nodiscard]] Operation* find(const RequestId& id);
  [[nodiscard]] const Operation* find(const RequestId& id) const;
  // In order of invocation; an operation stays where it is while others are added.
  [[nodiscard]] const std::deque<Operation>& operations() const { return operations_; }
  [[nodiscard]] std::size_t ended() const;

 private:
  std::deque<Operation> operations_;
  std::map<RequestId, std::size_t> index_;
};

// The bytes that operation `id` writes, and the way back.
std::string value_for(const RequestId& id, std::size_t padding);
std::optional<RequestId> writer_of(std::string_view value);

// The level of a read that goes through Paxos in a strong bucket.
constexpr bool is_linearizable(Level level) { return level != Level::eventual && level != Level::session; }

std::string describe(const Operation& operation);

}  // namespace shoal::sim
