// Register: one key with one writer, and what a reader of it may see while nodes die.
//
// The writer numbers its values. What it knows of a write is acknowledged, refused (certainly not applied), or unsure
// (may have been applied, now or later). Each write carries the context of what its writer had seen, and so *covers*
// those values and all that they cover.
//
// A quorum read shows a set of values. It is right when
//  (1) each is a value that was written and not refused, byte for byte,
//  (2) none is there twice,
//  (3) every acknowledged value is there that no acknowledged or unsure write covers,
//  (4) none is there that an acknowledged write covers. This holds for writers that never retry alone: a retry is a
//      second copy of the write under way, and one copy may land after the other was covered.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "client/shoal/client.hpp"

namespace shoal::test {

class Register {
 public:
  struct Write {
    std::string value;
    Context context;
  };

  explicit Register(std::string key, bool retries = false) : key_(std::move(key)), retries_(retries) {}

  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] std::size_t writes() const { return versions_.size(); }
  // The writer does not know any more what is there: a read should come before the next write.
  [[nodiscard]] bool in_doubt() const { return in_doubt_; }

  // The next write; its end must be told before the one after it begins.
  Write begin_write();
  void end_write(const Result<Receipt>& outcome);

  // What is wrong with these values; nothing when nothing is.
  [[nodiscard]] std::optional<std::string> complaint(std::span<const std::string> values) const;
  // A read whose values are right: the next write covers them.
  void saw(std::span<const std::string> values, Context context);

 private:
  enum class Fate : std::uint8_t { acknowledged, unsure, refused };
  using Numbers = std::set<std::size_t>;
  struct Version {
    Fate fate = Fate::unsure;
    Numbers covers;
  };

  [[nodiscard]] std::string value_of(std::size_t number) const;
  // Nothing when it is none of ours.
  [[nodiscard]] std::optional<std::size_t> number_of(const std::string& value) const;
  [[nodiscard]] std::optional<std::string> strange(std::span<const std::string> values) const;
  [[nodiscard]] Numbers covered(bool by_unsure_too) const;

  std::string key_;
  bool retries_;
  bool in_doubt_ = false;
  std::vector<Version> versions_;
  Context context_;
  Numbers seen_;  // what context_ covers
};

}  // namespace shoal::test
