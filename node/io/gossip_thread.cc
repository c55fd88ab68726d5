#include "node/io/gossip_thread.h"

#include <algorithm>
#include <utility>

#include "node/core/gossip_messages.h"
#include "node/io/clock.h"

namespace shoal {
namespace {

constexpr int kFramesPerTurn = 256;

}  // namespace

GossipThread::GossipThread(zmq::context_t& context, const FrameHeader& header, std::uint64_t seed, Counters& counters,
                           Faults& faults)
    : sockets_(context, header, kGossipPortOffset, 0, counters, faults),
      swim_({header.sender, header.incarnation, {}}, Rng(seed)) {}

GossipThread::~GossipThread() {
  thread_.request_stop();
  wake_.signal();
}

void GossipThread::start(const Membership& document) {
  follow(document);
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void GossipThread::follow(const Membership& document) {
  {
    const std::lock_guard lock(mutex_);
    document_ = std::make_unique<Membership>(document);
  }
  wake_.signal();
}

std::vector<Swim::Change> GossipThread::take_changes() {
  changed_.drain();
  const std::lock_guard lock(mutex_);
  return std::exchange(changes_, {});
}

std::string GossipThread::stop_reason() {
  const std::lock_guard lock(mutex_);
  return stop_reason_;
}

void GossipThread::run(std::stop_token stop) {
  const auto on_message = [this](NodeId from, const Message& message, Duration) {
    if (const std::optional<GossipMessage> gossip = as_gossip(message)) swim_.receive(from, *gossip, read_clock().mono);
  };
  while (!stop.stop_requested()) {
    take_document();
    sockets_.receive(on_message, kFramesPerTurn);  // before the clock judges: answers may have been waiting
    swim_.tick(read_clock().mono);
    send_gossip();
    publish();
    std::vector<zmq::pollitem_t> items{{nullptr, wake_.get(), ZMQ_POLLIN, 0}};
    sockets_.add_poll_items(items);
    zmq::poll(items, until(std::min(swim_.next_deadline(), sockets_.next_due())));
    wake_.drain();
  }
}

void GossipThread::take_document() {
  std::unique_ptr<Membership> document;
  {
    const std::lock_guard lock(mutex_);
    document = std::move(document_);
  }
  if (!document) return;
  sockets_.follow(*document);
  watch_members_of(*document, swim_, read_clock().mono);
}

void GossipThread::send_gossip() {
  for (Swim::Outgoing& out : swim_.take_outbox()) {
    const Message message = to_message(std::move(out.message));
    sockets_.send(out.to, {&message, 1});
  }
}

void GossipThread::publish() {
  std::vector<Swim::Change> changes = swim_.take_changes();
  for (const Swim::Change& change : changes) sockets_.set_liveness(change.node, change.liveness);
  if (changes.empty() && sockets_.stop_reason().empty()) return;
  {
    const std::lock_guard lock(mutex_);
    changes_.insert(changes_.end(), changes.begin(), changes.end());
    stop_reason_ = sockets_.stop_reason();
  }
  changed_.signal();
}

}  // namespace shoal
