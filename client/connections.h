// Connections: the client's sockets. One DEALER per node, all on the engine's thread, and an eventfd by which other
// threads wake it. The only place of the client that knows ZeroMQ.
//
// A message is handed to a socket only while a connection stands (ZMQ_IMMEDIATE): what waits for one stays with the
// dispatcher, which can therefore say that it was certainly never sent. A socket monitor reports connections made and
// lost, so that the death of a process is known within a round trip and not after a timeout.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "client/dispatcher.h"
#include "node/base/time.h"

namespace shoal::client_detail {

Instant steady_now();

class Connections {
 public:
  // Throws what ZeroMQ throws when the machine gives it no resources.
  Connections(Dispatcher& dispatcher, int wake_fd);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Sends what the dispatcher wants to be sent, as far as connections take it.
  void flush();
  // Until something came, a connection changed, somebody woke us, or `until`. Tells the dispatcher.
  void wait(Instant until);

 private:
  struct Link;
  struct Sockets;
  void send(const std::string& address, Link& link);
  void receive(const std::string& address, Link& link);
  void read(const std::string& address, Link& link, std::string_view bytes);

  std::unique_ptr<Sockets> sockets_;
  Dispatcher& dispatcher_;
};

}  // namespace shoal::client_detail
