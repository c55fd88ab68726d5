#include "node/core/read_answers.h"

#include "node/core/state_digest.h"

namespace shoal {

Hash128 ReadAnswers::digest_of(const Record& record) const {
  return record.clock.empty() ? Hash128{} : state_digest(slot_, record);
}

void ReadAnswers::add(NodeId from, const Fetched& reply) {
  const Hash128 digest = reply.state != nullptr ? digest_of(*reply.state) : reply.digest;
  for (const auto& [node, other] : held_) differed_ = differed_ || (node != from && other != digest);
  held_[from] = digest;
  if (reply.state == nullptr && digest != Hash128{}) return;
  if (!explained_.insert(digest).second || reply.state == nullptr) return;
  if (merged_.clock.empty()) {
    merged_ = *reply.state;
  } else {
    merge(kind_, merged_, *reply.state);
  }
  merged_digest_ = digest_of(merged_);
}

bool ReadAnswers::knows(NodeId node) const {
  const auto held = held_.find(node);
  return held != held_.end() && explained_.contains(held->second);
}

std::vector<NodeId> ReadAnswers::known() const {
  std::vector<NodeId> nodes;
  for (const auto& [node, digest] : held_)
    if (explained_.contains(digest)) nodes.push_back(node);
  return nodes;
}

std::vector<NodeId> ReadAnswers::unexplained() const {
  std::vector<NodeId> nodes;
  std::set<Hash128> asked;
  for (const auto& [node, digest] : held_)
    if (!explained_.contains(digest) && asked.insert(digest).second) nodes.push_back(node);
  return nodes;
}

std::vector<NodeId> ReadAnswers::behind() const {
  std::vector<NodeId> nodes;
  for (const auto& [node, digest] : held_)
    if (digest != merged_digest_) nodes.push_back(node);
  return nodes;
}

}  // namespace shoal
