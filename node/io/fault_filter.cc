#include "node/io/fault_filter.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "node/ring/lookup.h"

namespace shoal {
namespace {

constexpr std::uintmax_t kFileBytesMax = 1 << 16;

Result<std::string> read_text(const std::filesystem::path& file) {
  std::error_code trouble;
  const Error unreadable = fail(Errc::invalid, "the file of faults " + file.string() + " cannot be read");
  if (!std::filesystem::is_regular_file(file, trouble)) return unreadable;
  if (std::filesystem::file_size(file, trouble) > kFileBytesMax)
    return fail(Errc::invalid, "the file of faults " + file.string() + " is larger than 64 KiB");
  std::ifstream in(file);
  std::string text(std::istreambuf_iterator<char>(in), {});
  return in ? Result<std::string>(std::move(text)) : unreadable;
}

const Member* find_member(const Membership& document, const std::string& name_or_id) {
  const auto means = [&](const Member& member) {
    const bool here = member.state != MemberState::removed;
    return here && (member.name == name_or_id || to_string(member.id) == name_or_id);
  };
  const auto found = std::ranges::find_if(document.members, means);
  return found != document.members.end() ? &*found : nullptr;
}

std::string names_of(const std::set<NodeId>& nodes, const Membership& document) {
  std::string names;
  for (const NodeId node : nodes) names += (names.empty() ? "" : ", ") + name_in(document, node);
  return names;
}

}  // namespace

Result<FaultRules> parse_faults(std::string_view text) {
  FaultRules rules;
  std::istringstream lines{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line.substr(0, line.find('#')));
    std::string verb;
    std::string node;
    std::string more;
    if (!(words >> verb)) continue;
    if (verb != "drop" || !(words >> node) || words >> more)
      return fail(Errc::invalid, "line " + std::to_string(number) + ": a rule is \"drop NODE\", not \"" + line + "\"");
    rules.drop.push_back(node);
  }
  return rules;
}

Result<std::set<NodeId>> dropped_members(const FaultRules& rules, const Membership& document, NodeId self) {
  std::set<NodeId> dropped;
  for (const std::string& name : rules.drop) {
    const Member* member = find_member(document, name);
    if (member == nullptr) return fail(Errc::invalid, "there is no member \"" + name + "\" to drop");
    if (member->id == self)
      return fail(Errc::invalid, "\"drop " + name + "\" is this node itself; name another member");
    dropped.insert(member->id);
  }
  return dropped;
}

Status check_faults_file(const std::filesystem::path& file) {
  const Result<std::string> text = read_text(file);
  if (!text) return text.error();
  const Result<FaultRules> rules = parse_faults(*text);
  return rules ? Status(Unit{}) : fail(Errc::invalid, file.string() + ", " + rules.error().message);
}

Result<std::set<NodeId>> FaultFilter::read(const Membership& document) const {
  const Result<std::string> text = read_text(file_);
  if (!text) return text.error();
  const Result<FaultRules> rules = parse_faults(*text);
  if (!rules) return fail(Errc::invalid, file_.string() + ", " + rules.error().message);
  return dropped_members(*rules, document, self_);
}

void FaultFilter::look(const Membership& document, Instant now) {
  if (now < next_look()) return;
  next_look_ = now + kLookEvery;
  Result<std::set<NodeId>> dropped = read(document);
  const std::string complaint = dropped ? "" : dropped.error().message;
  if (!complaint.empty() && complaint != complaint_)
    spdlog::warn("faults: {}; the rules before it stay in force", complaint);
  complaint_ = complaint;
  if (dropped) enforce(*std::move(dropped), document);
}

void FaultFilter::enforce(std::set<NodeId> dropped, const Membership& document) {
  const std::lock_guard lock(mutex_);
  if (dropped_ == dropped) return;
  if (dropped.empty()) {
    spdlog::warn("faults: none any more");
  } else {
    spdlog::warn("faults: every frame to {} is lost", names_of(dropped, document));
  }
  dropped_ = std::move(dropped);
  active_ = !dropped_.empty();
}

bool FaultFilter::drops(NodeId to) const {
  if (!active_.load(std::memory_order_relaxed)) return false;
  const std::lock_guard lock(mutex_);
  return dropped_.contains(to);
}

}  // namespace shoal
