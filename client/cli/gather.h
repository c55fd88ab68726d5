// Asking every member at once. A dead one costs the deadline at most, and is named instead of waited for.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/output.h"
#include "client/cli/session.h"

namespace shoal::cli {

template <class T>
struct Answer {
  MemberStatus member;
  std::optional<T> value;
  std::string silence;  // why there is no value
};

// The members of this view that were not removed, by name.
std::vector<MemberStatus> present_members(const NodeStatus& view);
// Those with these names or ids; all of them when nobody is named.
Result<std::vector<MemberStatus>> members_named(const NodeStatus& view, const std::vector<std::string>& names);

// `ask(member)` gives a Pending<T>.
template <class T, class Ask>
std::vector<Answer<T>> ask_all(const std::vector<MemberStatus>& members, Ask ask) {
  std::vector<Pending<T>> pending;
  std::vector<Answer<T>> answers;
  pending.reserve(members.size());
  answers.reserve(members.size());
  for (const MemberStatus& member : members) pending.push_back(ask(member));
  for (std::size_t i = 0; i < members.size(); ++i) {
    Result<T> value = pending[i].get();
    if (value) {
      answers.push_back({members[i], *std::move(value), {}});
    } else {
      answers.push_back({members[i], std::nullopt, value.error().message});
    }
  }
  return answers;
}

std::vector<Answer<NodeStatus>> status_of_all(Session& session, const NodeStatus& view);

// Waits until every living member of the view knows the document of this number, the session's timeout at most. Names
// those that have not said so.
std::vector<std::string> wait_for_document(Session& session, const NodeStatus& view, std::uint64_t epoch);

// [{"name": ..., "error": ...}, ...]
template <class T>
Json json_of_silent(const std::vector<Answer<T>>& answers) {
  Json json = Json::array();
  for (const Answer<T>& answer : answers)
    if (!answer.value) json.push_back(Json{{"name", answer.member.name}, {"error", shown(answer.silence)}});
  return json;
}

// `json_of(value)` of each answer, where JSON was asked for; false: it was not.
template <class T, class ToJson>
bool print_json_answers(const Session& session, const std::vector<Answer<T>>& answers, ToJson json_of) {
  if (!session.is_json()) return false;
  Json nodes = Json::array();
  for (const Answer<T>& answer : answers)
    if (answer.value) nodes.push_back(json_of(*answer.value));
  if (session.format() == Format::json) {
    print_json(Json{{"schema", kSchema}, {"nodes", std::move(nodes)}, {"silent", json_of_silent(answers)}});
  } else {
    for (const Json& node : nodes) print_json(node);
  }
  return true;
}

// A sentence for each member that said nothing.
template <class T>
void name_silent(const Session& session, const std::vector<Answer<T>>& answers) {
  for (const Answer<T>& answer : answers)
    if (!answer.value) session.say(shown(answer.member.name) + " does not answer: " + shown(answer.silence));
}

}  // namespace shoal::cli
