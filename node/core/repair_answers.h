// Repair answers: the side of anti-entropy that is asked. It keeps nothing between two questions.
#pragma once

#include "node/core/message.h"
#include "node/core/services.h"

namespace shoal {

class RepairAnswers {
 public:
  // `services` outlives it.
  explicit RepairAnswers(Services& services) : services_(services) {}

  void on_question(NodeId from, const ComparePair& question, Now now);
  void on_question(NodeId from, const CompareBranches& question, Now now);
  void on_question(NodeId from, const CompareElements& question, Now now);
  void on_question(NodeId from, const PullStates& question, Now now);
  void on_question(NodeId from, const PushStates& question, Now now);

 private:
  [[nodiscard]] bool same_document(Epoch epoch) const { return services_.topology.document().epoch == epoch; }

  Services& services_;
};

}  // namespace shoal
