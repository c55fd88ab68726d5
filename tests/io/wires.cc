#include "tests/io/wires.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

namespace shoal {

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

Endpoint listen_somewhere(const std::function<Status(const Endpoint&)>& listen) {
  for (int i = 0; i < 50; ++i) {
    const Endpoint endpoint{"127.0.0.1", free_port()};
    if (listen(endpoint)) return endpoint;
  }
  ADD_FAILURE() << "no port is free";
  return {};
}

bool wait_until(const std::function<std::vector<zmq::pollitem_t>()>& items, const std::function<bool()>& turn) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < give_up) {
    if (turn()) return true;
    std::vector<zmq::pollitem_t> waiting = items();
    zmq::poll(waiting, std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace shoal
