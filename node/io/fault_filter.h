// Fault filter: loses messages on purpose, for a laboratory. Refused unless shoald was started with --allow-faults
// FILE.
//
// The file says what is lost, one rule a line, and is looked at again and again while the node runs:
//
//     # a comment
//     drop NODE      every frame from here to that member (name or id) is lost: requests, answers, and gossip
//
// One node's file is about what that node sends: a rule here and none there is a link that works one way.
//
// Invariants:
//  (1) Without a file nothing is ever lost.
//  (2) A file that cannot be read or understood changes nothing: the rules before it stay in force.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/time.h"
#include "node/ring/membership.h"

namespace shoal {

struct FaultRules {
  std::vector<std::string> drop;  // members, as they were written
};

// Errc::invalid with the line of what cannot be understood.
Result<FaultRules> parse_faults(std::string_view text);
// Errc::invalid when a rule names nobody in the document, or this node.
Result<std::set<NodeId>> dropped_members(const FaultRules& rules, const Membership& document, NodeId self);

class FaultFilter {
 public:
  static constexpr Duration kLookEvery = std::chrono::milliseconds(250);

  // An empty path: faults are not allowed.
  FaultFilter(std::filesystem::path file, NodeId self) : file_(std::move(file)), self_(self) {}

  // Looks at the file when it is time to; logs what has changed.
  void look(const Membership& document, Instant now);
  // When to look; kNever when faults are not allowed.
  [[nodiscard]] Instant next_look() const { return file_.empty() ? kNever : next_look_; }

  // Called by any thread.
  [[nodiscard]] bool drops(NodeId to) const;

 private:
  [[nodiscard]] Result<std::set<NodeId>> read(const Membership& document) const;
  void enforce(std::set<NodeId> dropped, const Membership& document);

  std::filesystem::path file_;
  NodeId self_;
  Instant next_look_{};
  std::string complaint_;             // that was logged last
  std::atomic<bool> active_ = false;  // spares everybody the lock while nothing is dropped
  mutable std::mutex mutex_;          // guards dropped_
  std::set<NodeId> dropped_;
};

// Errc::invalid with a sentence when it cannot be read or understood: found out at the start.
Status check_faults_file(const std::filesystem::path& file);

}  // namespace shoal
