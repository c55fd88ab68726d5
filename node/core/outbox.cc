#include "node/core/outbox.h"

#include <algorithm>
#include <utility>

namespace shoal {

void Outbox::send(Address to, Message message) {
  const bool loops = own_ == Own::loops_back && to == Address(self_);
  (loops ? loopback_ : ready_).push_back(Envelope{to, std::move(message)});
}

void Outbox::send_after(CommitId commit, Address to, Message message) {
  if (commit <= durable_) return send(to, std::move(message));
  // Records and documents name their commits apart, so an older one may come after a newer: keep the order given.
  if (!waiting_.empty()) commit = std::max(commit, waiting_.back().commit);
  waiting_.push_back(Waiting{commit, Envelope{to, std::move(message)}});
}

void Outbox::durable(CommitId commit) {
  durable_ = std::max(durable_, commit);
  while (!waiting_.empty() && waiting_.front().commit <= durable_) {
    send(waiting_.front().envelope.peer, std::move(waiting_.front().envelope.message));
    waiting_.pop_front();
  }
}

std::vector<Envelope> Outbox::take() { return std::exchange(ready_, {}); }

std::vector<Envelope> Outbox::take_loopback() { return std::exchange(loopback_, {}); }

void Outbox::clear() {
  waiting_.clear();
  ready_.clear();
  loopback_.clear();
}

}  // namespace shoal
