// Numbers and names as people read them; always the same characters for the same number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::study {

// Three significant digits, no exponent: "0.0123", "4.1", "312", "12300".
std::string plain(double value);
// As printf does it.
std::string fixed(double value, int decimals);
// With a unit, in the size that is easiest to read: "3.1 s", "812 ms", "4.2 MiB", "99.1 %" (unit "share"), "1 pair".
std::string in_words(double value, std::string_view unit);
// "2.1 to 4.3 s": the unit once, where both have the same.
std::string range_in_words(double low, double high, std::string_view unit);
// 1 800 000, with thin spaces.
std::string grouped(std::uint64_t count);
std::string joined(const std::vector<std::string>& words, std::string_view between);
// "one", "one and two", "one, two and three".
std::string listed(const std::vector<std::string>& words);
// Of a file: lower-case letters, digits and '-'; "base" when nothing is left.
std::string slug(std::string_view name);
// For text and for attributes in quotes, in HTML and XML. Control characters that XML forbids become spaces.
std::string escaped(std::string_view text);

// Bytes are drawn in the unit that suits the largest of them.
struct ByteUnit {
  double bytes;
  std::string_view name;
};
ByteUnit byte_unit(double largest);

}  // namespace shoal::study
