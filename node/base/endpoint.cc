#include "node/base/endpoint.h"

#include <charconv>

namespace shoal {

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto wrong = [&](const char* why) {
    return fail(Errc::invalid, "\"" + std::string(text) + "\" is not HOST:PORT: " + why);
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong("the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong("write an IPv6 address in brackets, as [::1]:7100");
  }
  if (host.empty()) return wrong("the host is missing; use * for every interface");
  if (host.size() > 255) return wrong("the host is too long");
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0 || port > kPortMax)
    return wrong("the port is a number from 1 to 65532");
  return Endpoint{std::string(host), port};
}

std::string to_string(const Endpoint& endpoint) {
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

bool is_wildcard(const Endpoint& endpoint) {
  return endpoint.host == "*" || endpoint.host == "0.0.0.0" || endpoint.host == "::";
}

bool is_loopback(const Endpoint& endpoint) {
  const bool ipv4 = endpoint.host.find_first_not_of("0123456789.") == std::string::npos;
  return endpoint.host == "localhost" || endpoint.host == "::1" || (ipv4 && endpoint.host.starts_with("127."));
}

}  // namespace shoal
