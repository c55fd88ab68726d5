#include "node/io/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "node/io/unique_fd.h"

namespace shoal {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses look_up(const std::string& host, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) found = nullptr;
  return {found, &freeaddrinfo};
}

std::string numeric(const addrinfo& address) {
  std::array<char, NI_MAXHOST> text{};
  getnameinfo(address.ai_addr, address.ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return text.data();
}

std::string uri_of(const std::string& host, std::uint16_t port) { return "tcp://" + to_string(Endpoint{host, port}); }

bool machine_has_ipv6() {
  const int socket_fd = ::socket(AF_INET6, SOCK_STREAM, 0);
  if (socket_fd < 0) return false;
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  const bool works = ::bind(socket_fd, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0;
  ::close(socket_fd);
  return works;
}

Error unresolved(const Endpoint& endpoint) {
  return fail(Errc::invalid, "the host \"" + endpoint.host + "\" cannot be resolved; check --listen");
}

// 0 or errno.
int try_bind(addrinfo& address, std::uint16_t port) {
  const UniqueFd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);         // as ZeroMQ does
  reinterpret_cast<sockaddr_in*>(address.ai_addr)->sin_port = htons(port);  // at the same place in both families
  return ::bind(fd.get(), address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
}

}  // namespace

ZmqEndpoint connect_endpoint(const Endpoint& endpoint) {
  const bool ipv6_only = look_up(endpoint.host, AF_INET) == nullptr && look_up(endpoint.host, AF_INET6) != nullptr;
  return {uri_of(endpoint.host, endpoint.port), ipv6_only};
}

Result<ZmqEndpoint> bind_endpoint(const Endpoint& endpoint) {
  if (endpoint.host == "*" || endpoint.host == "::") {
    const bool ipv6 = machine_has_ipv6();
    return ZmqEndpoint{uri_of(ipv6 ? "::" : "0.0.0.0", endpoint.port), ipv6};
  }
  for (const int family : {AF_INET, AF_INET6})
    if (const Addresses found = look_up(endpoint.host, family))
      return ZmqEndpoint{uri_of(numeric(*found), endpoint.port), family == AF_INET6};
  return unresolved(endpoint);
}

Status check_can_listen(const Endpoint& endpoint) {
  const std::string host = is_wildcard(endpoint) ? "0.0.0.0" : endpoint.host;
  for (const int family : {AF_INET, AF_INET6}) {
    const Addresses found = look_up(host, family);
    if (!found) continue;
    const int code = try_bind(*found, endpoint.port);
    return code == 0 ? Status(Unit{}) : cannot_listen(endpoint, code);
  }
  return unresolved(endpoint);
}

Error cannot_listen(const Endpoint& endpoint, int code) {
  if (code == EADDRINUSE)
    return fail(Errc::io, "port " + std::to_string(endpoint.port) + " on " + endpoint.host +
                              " is in use; a node needs PORT to PORT+3, choose another --listen");
  return fail(Errc::io, "cannot listen on " + to_string(endpoint) + ": " + std::generic_category().message(code));
}

}  // namespace shoal
