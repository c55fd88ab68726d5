// study compare: what two folders of results say differently.
#include <algorithm>

#include "client/cli/study.h"

namespace shoal::cli {
namespace {

std::vector<study::Difference> leading(std::vector<study::Difference> differences) {
  const std::vector<std::string> numbers = study::leading_numbers();
  std::erase_if(differences, [&](const study::Difference& difference) {
    return std::ranges::find(numbers, difference.number) == numbers.end() ||
           (difference.a.runs == 0 && difference.b.runs == 0);
  });
  return differences;
}

}  // namespace

int study_compare(Session& session, const StudyCompareAsked& asked) {
  auto variants = study::read_summary(asked.a);
  if (!variants) return session.report(variants.error());
  std::vector<study::Difference> differences;
  if (!asked.b.empty()) {
    const auto others = study::read_summary(asked.b);
    if (!others) return session.report(others.error());
    differences = study::compare(*variants, *others);
    if (differences.empty()) session.say("no variant has the same name in both; all are ranked together");
    variants->insert(variants->end(), others->begin(), others->end());
  }
  if (!asked.all) differences = leading(std::move(differences));
  print_comparison(session, differences, study::rank(*variants));
  return kDone;
}

}  // namespace shoal::cli
