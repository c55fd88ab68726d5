#include "bench/study/report/words.h"

#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

namespace shoal::study {
namespace {

void drop_trailing_zeros(std::string& text) {
  if (text.find('.') == std::string::npos) return;
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
}

std::string with_unit(double value, std::string_view unit) { return plain(value) + " " + std::string(unit); }

std::string time_in_words(double seconds) {
  if (seconds != 0 && std::abs(seconds) < 1) return with_unit(seconds * 1000, "ms");
  if (std::abs(seconds) >= 600) return with_unit(seconds / 60, "min");
  return with_unit(seconds, "s");
}

// 99.97 % is not 100 %: shares near one keep the digits that tell them from it.
std::string share_in_words(double share) {
  const double rest = 1 - share;
  if (share <= 0.9 || rest <= 0) return with_unit(share * 100, "%");
  const int decimals = std::min(6, std::max(1, static_cast<int>(std::ceil(-std::log10(rest))) - 1));
  std::string text = fixed(share * 100, decimals);
  drop_trailing_zeros(text);
  return text + " %";
}

}  // namespace

std::string fixed(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string plain(double value) {
  if (!std::isfinite(value)) return "none";
  if (value == 0) return "0";
  const int magnitude = static_cast<int>(std::floor(std::log10(std::abs(value))));
  std::string text = fixed(value, std::min(9, std::max(0, 2 - magnitude)));
  drop_trailing_zeros(text);
  return text == "-0" ? "0" : text;
}

std::string in_words(double value, std::string_view unit) {
  if (unit == "s") return time_in_words(value);
  if (unit == "ms") return std::abs(value) >= 1000 ? time_in_words(value / 1000) : with_unit(value, "ms");
  if (unit == "share") return share_in_words(value);
  if (unit == "bytes") {
    const ByteUnit size = byte_unit(value);
    return with_unit(value / size.bytes, size.name);
  }
  if (unit.empty() || unit == "1") return plain(value);
  // "pairs" and the like: one of them has no "s".
  if (value == 1 && unit.ends_with('s')) unit.remove_suffix(1);
  return with_unit(value, unit);
}

std::string range_in_words(double low, double high, std::string_view unit) {
  std::string from = in_words(low, unit);
  const std::string to = in_words(high, unit);
  const auto of_from = from.rfind(' ');
  const auto of_to = to.rfind(' ');
  const bool same =
      of_from != std::string::npos && of_to != std::string::npos && from.substr(of_from) == to.substr(of_to);
  if (same) from.resize(of_from);
  return from + " to " + to;
}

std::string grouped(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, "\u2009");
  return digits;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : std::string(between)) + words[i];
  return text;
}

std::string listed(const std::vector<std::string>& words) {
  if (words.size() < 2) return joined(words, "");
  return joined({words.begin(), words.end() - 1}, ", ") + " and " + words.back();
}

std::string slug(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0)
      out += static_cast<char>(std::tolower(byte));
    else if (!out.empty() && !out.ends_with('-'))
      out += '-';
  }
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "base" : out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      case '\n':
      case '\t': out += c; break;
      default: out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

ByteUnit byte_unit(double largest) {
  constexpr double kStep = 1024;
  if (largest >= kStep * kStep * kStep) return {kStep * kStep * kStep, "GiB"};
  if (largest >= kStep * kStep) return {kStep * kStep, "MiB"};
  if (largest >= kStep) return {kStep, "KiB"};
  return {1, "bytes"};
}

}  // namespace shoal::study
