// How orders about faults are typed: shares, delays, offsets, partitions. Every refusal is one sentence.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/laboratory.h"

namespace shoal::cli {

// As `shoal faults add` got it.
struct TypedFault {
  std::string kind;
  std::vector<std::string> peers;
  bool out = false;
  bool in = false;
  std::string share;   // "5%", "0.05"
  std::string ms;      // "50", "50..80"
  std::string offset;  // "1h", "-500ms"
  std::string drift;   // parts per million
  std::string lasts;   // "20s"
};

// `everywhere`: every node is ordered, so that each need only look at what it sends.
Result<FaultRule> parse_fault(const TypedFault& typed, bool everywhere);

Result<Millis> parse_lasts(const std::string& text);
// "n1,n2/n3,n4": at least two groups, nobody in two of them.
Result<std::vector<std::vector<std::string>>> parse_groups(const std::string& text);

// The token in this file.
Result<std::string> read_token(const std::string& file);

}  // namespace shoal::cli
