#include "node/base/bytes.h"

#include <sodium.h>

#include <algorithm>

#include "node/base/check.h"
#include "node/base/ids.h"

namespace shoal {
namespace {

std::string hex_of(std::uint64_t value) {
  std::string bytes;
  append_u64(bytes, value);
  return to_hex(bytes);
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string out(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  out.pop_back();
  return out;
}

std::string to_base64url(std::string_view bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string out(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    kVariant);
  out.pop_back();
  return out;
}

Result<std::string> from_base64url(std::string_view text) {
  // libsodium 1.0.18 takes every byte above 127 for a digit.
  const bool ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 128; });
  std::string out(text.size(), '\0');
  std::size_t length = 0;
  const char* end = nullptr;
  const int status = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                                       text.size(), nullptr, &length, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  if (!ascii || status != 0 || end != text.data() + text.size())
    return fail(Errc::invalid, "this is not base64url text");
  out.resize(length);
  return out;
}

void append_u64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint64_t read_u64(std::string_view eight_bytes) {
  SHOAL_CHECK(eight_bytes.size() >= 8);
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i)
    value = (value << 8) | static_cast<unsigned char>(eight_bytes[static_cast<std::size_t>(i)]);
  return value;
}

std::string to_string(NodeId id) { return hex_of(id.value); }
std::string to_string(ClusterId id) { return hex_of(id.value); }
std::string to_string(Incarnation incarnation) {
  return std::to_string(incarnation.start()) + "." + hex_of(incarnation.value).substr(6);
}

}  // namespace shoal
