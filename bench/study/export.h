// Exports of a history for checkers that are not ours.
//
//   knossos    a register for each key: :read and :write with one value. All keys together: values are [key value], as
//              jepsen.independent has them; one key alone (`key`): plain values, what Knossos's own command reads.
//   elle       rw-register transactions of one step: [[:w key value]], [[:r key value]]; elle-cli --model rw-register.
//   porcupine  as EDN the lines of its key-value test logs, :put and :get with text values; as JSON an array of its
//              Operation {ClientId, Input, Call, Output, Return}.
//
// They know registers, so what is none is left out, and counted:
//   - a read of several concurrent values, or of unknown outcome, did not happen: reads change nothing;
//   - a delete is a write of nil (for Porcupine: of ""), except for Elle, where writes are told apart by their values:
//     keys with deletes are left out.
// A write of unknown outcome stays :info, for ever under way.
//
// Compare-and-sets (of strong buckets) are what each of them has for it: Knossos :cas with [old new], Elle a
// transaction [[:r key old] [:w key new]], Porcupine's JSON an Input {op "cas", expected, value} with Output {ok} or
// {unknown}. The key-value log has none: there they are puts, which asks for less. A put or del that expects a version
// is a compare-and-set of the value that had it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>

#include "node/base/result.h"

namespace shoal::study {

enum class Foreign : std::uint8_t { elle, knossos, porcupine };
enum class Notation : std::uint8_t { json, edn };

struct ExportOptions {
  Foreign checker = Foreign::elle;
  Notation notation = Notation::json;
  // Of which run; empty: the first one's.
  std::optional<std::string> variant;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> key;  // empty: all keys
};

struct Exported {
  std::string variant;
  std::uint64_t seed = 0;
  std::uint64_t operations = 0;
  std::uint64_t concurrent_reads = 0;  // left out: several values
  std::uint64_t deleted_keys = 0;      // left out: keys with deletes
  std::uint64_t weakened = 0;          // compare-and-sets that are told as puts
};

// Errc::invalid when the folder has no such history; Errc::io.
Result<Exported> export_history(const std::filesystem::path& folder, const ExportOptions& options, std::ostream& out);

}  // namespace shoal::study
