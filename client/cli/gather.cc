#include "client/cli/gather.h"

#include <chrono>
#include <thread>

namespace shoal::cli {
namespace {

constexpr std::chrono::milliseconds kPollPeriod{20};

}  // namespace

std::vector<MemberStatus> present_members(const NodeStatus& view) {
  std::vector<MemberStatus> members = view.members;
  std::erase_if(members, [](const MemberStatus& member) { return member.state == "removed"; });
  std::ranges::sort(members, {}, &MemberStatus::name);
  return members;
}

Result<std::vector<MemberStatus>> members_named(const NodeStatus& view, const std::vector<std::string>& names) {
  std::vector<MemberStatus> all = present_members(view);
  if (names.empty()) return all;
  std::vector<MemberStatus> chosen;
  for (const std::string& name : names) {
    const auto it = std::ranges::find_if(all, [&](const MemberStatus& m) { return m.name == name || m.id == name; });
    if (it == all.end()) return fail(Errc::not_found, "there is no member \"" + name + "\"; see shoal members");
    chosen.push_back(*it);
  }
  return chosen;
}

std::vector<Answer<NodeStatus>> status_of_all(Session& session, const NodeStatus& view) {
  Async async = session.db().async();
  return ask_all<NodeStatus>(present_members(view),
                             [&](const MemberStatus& member) { return async.status(member.id); });
}

std::vector<std::string> wait_for_document(Session& session, const NodeStatus& view, std::uint64_t epoch) {
  const auto deadline = std::chrono::steady_clock::now() + session.timeout();
  for (;;) {
    std::vector<std::string> behind;
    for (const Answer<NodeStatus>& answer : status_of_all(session, view)) {
      const bool knows = answer.value && answer.value->epoch >= epoch;
      if (!knows && answer.member.liveness != "dead") behind.push_back(answer.member.name);
    }
    if (behind.empty() || std::chrono::steady_clock::now() >= deadline) return behind;
    std::this_thread::sleep_for(kPollPeriod);
  }
}

}  // namespace shoal::cli
