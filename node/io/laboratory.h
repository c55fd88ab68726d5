// Laboratory: whether this node suffers faults on purpose, by whose order, and who may look into it.
//
// A node is part of a laboratory when it was started with `--allow-faults FILE`. The file holds a token; whoever sends
// it may order faults (node/io/faults.h) and observe (node/core/observe.h). Any other node refuses both.
//
// Invariants:
//  (1) Without a token nothing is ever ordered: no fault begins, and the study switches are as they are for people.
//  (2) How long a wrong token takes to be refused says nothing of the right one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/core/message.h"
#include "node/io/faults.h"
#include "node/ring/membership.h"

namespace shoal {

// The first and only line of the file. Errc::invalid with a sentence for a file that is missing, unreadable, empty, or
// whose token is too short or not a line.
Result<std::string> read_faults_token(const std::filesystem::path& file);

class Laboratory {
 public:
  static constexpr std::size_t kTokenMin = 16;

  // No token: closed.
  Laboratory(std::optional<std::string> token, NodeId self, std::uint64_t seed)
      : token_(std::move(token)), self_(self), faults_(self, seed) {}

  [[nodiscard]] bool open() const { return token_.has_value(); }
  // Errc::refused, with a sentence that says how to be let in.
  Status admit(std::string_view token);
  FaultsReply answer(const FaultsRequest& request, const Membership& document, Instant now);
  // To those who may not observe.
  [[nodiscard]] ObserveReply refusal(const ObserveRequest& request, Error why) const;

  Faults& faults() { return faults_; }
  // What a node in a laboratory says of itself.
  void add_to(StatusReply& status, Instant now) const;

 private:
  Status obey(const FaultsRequest& request, const Membership& document, Instant now);

  const std::optional<std::string> token_;
  const NodeId self_;
  std::uint64_t wrong_tokens_ = 0;
  Faults faults_;
};

}  // namespace shoal
