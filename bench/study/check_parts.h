// The parts of check(): each looks for one kind of broken promise.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "bench/study/causality.h"
#include "bench/study/checkers.h"

namespace shoal::study {

// What a check looks at.
struct Evidence {
  const Recording& recording;
  const Causality& causality;
  bool destroyed = false;  // a fault took copies away for good
};

inline void object(Check& check, Judgement judgement, std::string sentence) {
  ++check.violations;
  check.judgement = std::max(check.judgement, judgement);
  if (check.sentences.size() < Check::kSentencesMax) check.sentences.push_back(std::move(sentence));
}

// For what destroyed copies would explain.
inline Judgement unless_destroyed(const Evidence& evidence) {
  return evidence.destroyed ? Judgement::undecided : Judgement::invalid;
}

Check check_losses(const Evidence& evidence);
Check check_resurrections(const Evidence& evidence);
Check check_inventions(const Evidence& evidence);
Check check_sessions(const Evidence& evidence);
Check check_linearizability(const Evidence& evidence);
Check check_convergence(const Evidence& evidence);
Check check_evidence(const Evidence& evidence);

}  // namespace shoal::study
