#include "gossip/dissemination.h"

namespace shoal {

int retransmit_limit(int mult, std::size_t n) {
  int digits = 0;  // ceil(log10(n + 1)), in integers
  for (std::size_t power = 1; power < n + 1; power *= 10) ++digits;
  return mult * digits;
}

void Dissemination::add(const Rumour& rumour) {
  forget(rumour.node);
  const Turn turn{0, next_age_--, rumour.node};
  rumours_.emplace(rumour.node, Item{rumour, turn});
  turns_.insert(turn);
}

void Dissemination::forget(NodeId node) {
  const auto it = rumours_.find(node);
  if (it == rumours_.end()) return;
  turns_.erase(it->second.turn);
  rumours_.erase(it);
}

void Dissemination::take(std::vector<Rumour>& out, std::size_t rumours_max, int limit) {
  std::vector<Turn> taken;
  for (auto it = turns_.begin(); it != turns_.end() && out.size() < rumours_max; it = turns_.erase(it)) {
    out.push_back(rumours_.at(it->node).rumour);
    taken.push_back(*it);
  }
  for (Turn& turn : taken) {
    if (++turn.sent >= limit) {
      rumours_.erase(turn.node);
    } else {
      rumours_.at(turn.node).turn = turn;
      turns_.insert(turn);
    }
  }
}

}  // namespace shoal
