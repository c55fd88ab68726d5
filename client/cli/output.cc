#include "client/cli/output.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "node/base/bytes.h"

namespace shoal::cli {
namespace {

bool continues(std::string_view bytes, std::size_t from, std::size_t count) {
  for (std::size_t i = from; i < from + count; ++i)
    if (i >= bytes.size() || (static_cast<unsigned char>(bytes[i]) & 0xC0U) != 0x80U) return false;
  return true;
}

// Length of the UTF-8 sequence at `at`, 0 when it is broken, overlong, a surrogate, or beyond U+10FFFF.
std::size_t utf8_length(std::string_view bytes, std::size_t at) {
  const auto lead = static_cast<unsigned char>(bytes[at]);
  const auto second = at + 1 < bytes.size() ? static_cast<unsigned char>(bytes[at + 1]) : 0U;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(bytes, at + 1, 1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
    return continues(bytes, at + 1, 2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
    return continues(bytes, at + 1, 3) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = utf8_length(bytes, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

// C0 and C1 controls, and delete.
bool is_control(std::string_view bytes, std::size_t at, std::size_t length) {
  const auto lead = static_cast<unsigned char>(bytes[at]);
  if (length == 1) return lead < 0x20 || lead == 0x7F;
  return length == 2 && lead == 0xC2 && static_cast<unsigned char>(bytes[at + 1]) < 0xA0;
}

std::string padded_base64(std::string_view bytes) {
  std::string text = to_base64url(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

Result<std::string> from_any_base64(std::string text) {
  while (!text.empty() && text.back() == '=') text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return from_base64url(text);
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void print_joined(const std::vector<std::string>& row, char separator, bool quoted) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += separator;
    line += quoted ? csv_field(row[i]) : row[i];
  }
  print_line(line);
}

// Characters on a terminal: escape sequences of colours take none, continuation bytes take none.
std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b')
      i = std::min(text.find('m', i), text.size());
    else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U)
      ++width;
  }
  return width;
}

void print_aligned(const Table& table) {
  std::vector<std::size_t> widths;
  for (const std::string& column : table.columns) widths.push_back(width_of(column));
  for (const auto& row : table.rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  const auto print_row = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + (i + 1 < row.size() ? std::string(widths[i] - width_of(row[i]) + 2, ' ') : "");
    print_line(line.substr(0, line.find_last_not_of(' ') + 1));
  };
  print_row(table.columns);
  for (const auto& row : table.rows) print_row(row);
}

}  // namespace

Json json_of_bytes(std::string_view bytes) {
  if (is_utf8(bytes)) return Json(std::string(bytes));
  return Json{{"b64", padded_base64(bytes)}};
}

Result<std::string> bytes_of_json(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_object() || json.size() != 1 || !json.contains("b64") || !json["b64"].is_string())
    return fail(Errc::invalid, "neither a string nor {\"b64\": \"...\"}");
  auto bytes = from_any_base64(json["b64"].get<std::string>());
  if (!bytes) return fail(Errc::invalid, "its \"b64\" is not base64");
  return bytes;
}

Json json_of(const Error& error) {
  return Json{{"code", name_of(error.code)},
              {"message", shown(error.message)},
              {"maybe_applied", error.maybe_applied()},
              {"acks", error.acks},
              {"needed", error.needed}};
}

std::string rfc3339(Object::Time time) {
  const auto ms = std::chrono::duration_cast<Millis>(time.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(ms % 1000));
  return std::string(text, length) + fraction;
}

std::string age(Object::Time time, Object::Time now) {
  const auto s = std::max<long>(0, std::chrono::duration_cast<std::chrono::seconds>(now - time).count());
  if (s < 60) return std::to_string(s) + "s ago";
  if (s < 3600) return std::to_string(s / 60) + "m ago";
  if (s < 86400) return std::to_string(s / 3600) + "h ago";
  return std::to_string(s / 86400) + "d ago";
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes);
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, units[unit]);
  return text;
}

std::string shown(std::string_view bytes) { return preview(bytes, std::string_view::npos); }

std::string preview(std::string_view bytes, std::size_t width) {
  std::string out;
  std::size_t characters = 0;
  for (std::size_t at = 0; at < bytes.size(); ++characters) {
    if (characters >= width) return out + "...";
    const std::size_t length = utf8_length(bytes, at);
    if (length > 0 && !is_control(bytes, at, length)) {
      out += bytes.substr(at, length);
      at += length;
    } else if (bytes[at] == '\n' || bytes[at] == '\t') {
      out += bytes[at++] == '\n' ? "\\n" : "\\t";
    } else {
      out += "\\x" + to_hex(bytes.substr(at++, 1));
    }
  }
  return out;
}

void print(std::string_view bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }

void print_line(std::string_view text) {
  print(text);
  print("\n");
}

void print_json(const Json& json) { print_line(json.dump()); }

void print_table(const Table& table, Format format) {
  if (format == Format::table || format == Format::wide) return print_aligned(table);
  if (format == Format::csv) print_joined(table.columns, ',', true);
  for (const auto& row : table.rows) print_joined(row, format == Format::csv ? ',' : '\t', format == Format::csv);
}

void show_conflict(const Session& session, std::string_view key, const Object& object) {
  const std::size_t count = object.siblings().size();
  const auto now = std::chrono::system_clock::now();
  session.say(session.paint_words(Paint::bad, "conflict:") + " " + std::to_string(count) + " concurrent values");
  for (std::size_t i = 0; i < count; ++i) {
    std::string when = age(object.written()[i], now);
    when.resize(std::max<std::size_t>(when.size(), 9), ' ');
    session.say("  " + std::to_string(i + 1) + "  " + when + "  " + preview(object.siblings()[i], 80));
  }
  session.say("resolve: shoal resolve " + shown(key) + " --pick 1 | --lww | --exec 'COMMAND'");
}

}  // namespace shoal::cli
