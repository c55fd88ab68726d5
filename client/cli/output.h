// How values look: as JSON, as text on a terminal, as tables.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/session.h"

namespace shoal::cli {

using Json = nlohmann::ordered_json;
inline constexpr int kSchema = 1;  // of all JSON output

// Text as itself; {"b64": ...} (RFC 4648 section 4) for bytes that are not UTF-8.
Json json_of_bytes(std::string_view bytes);
Result<std::string> bytes_of_json(const Json& json);
Json json_of(const Error& error);
// RFC 3339 in UTC with milliseconds.
std::string rfc3339(Object::Time time);
// "3s ago"
std::string age(Object::Time time, Object::Time now);

// "12 B", "3.4 KiB"
std::string human_bytes(std::uint64_t bytes);

// For a terminal: control characters and broken UTF-8 escaped as \xNN, so that data cannot drive the terminal.
std::string shown(std::string_view bytes);
// The same, cut to about `width` characters.
std::string preview(std::string_view bytes, std::size_t width);

void print(std::string_view bytes);
void print_line(std::string_view text);
void print_json(const Json& json);

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};
// Aligned for table and wide, comma-separated for csv, tab-separated without a head for plain.
void print_table(const Table& table, Format format);

// "conflict: 2 concurrent values", one line each, and what to do. On standard error.
void show_conflict(const Session& session, std::string_view key, const Object& object);

}  // namespace shoal::cli
