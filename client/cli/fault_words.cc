#include "client/cli/fault_words.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>
#include <sstream>

#include "client/cli/input.h"
#include "client/settings.h"
#include "node/base/suggest.h"

namespace shoal::cli {
namespace {

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

Result<FaultKind> parse_kind(const std::string& text) {
  std::string wanted = text;
  std::ranges::replace(wanted, '-', '_');
  const auto known = std::ranges::find(kFaultNames, wanted);
  if (known != kFaultNames.end()) return static_cast<FaultKind>(known - kFaultNames.begin());
  std::string names;
  for (const std::string_view name : kFaultNames) names += (names.empty() ? "" : ", ") + std::string(name);
  return fail(Errc::invalid, "\"" + text + "\" is no fault; there are " + names);
}

// "250ms", "2s", "1m", "1h".
Result<Millis> parse_span(const std::string& text) {
  if (text.size() > 1 && text.back() == 'h')
    if (const auto hours = whole_number<std::uint32_t>(text.substr(0, text.size() - 1)); hours && *hours > 0)
      return Millis(std::chrono::hours(*hours));
  return client_detail::parse_millis(text);
}

Result<Millis> parse_offset(const std::string& text) {
  if (text.empty()) return Millis{};
  const bool back = text.front() == '-';
  const Result<Millis> span = parse_span(back || text.front() == '+' ? text.substr(1) : text);
  if (!span) return fail(Errc::invalid, "--offset is a time such as 1h, 500ms or -2m, not \"" + text + "\"");
  return back ? -*span : *span;
}

Result<std::uint32_t> parse_share(const std::string& text) {
  if (text.empty()) return FaultRule::kAll;
  const bool percent = text.back() == '%';
  const std::string number = percent ? text.substr(0, text.size() - 1) : text;
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end) / (percent ? 100 : 1);
  const double millionths = std::round(value * FaultRule::kAll);
  if (number.empty() || *end != '\0' || !(millionths >= 1) || millionths > FaultRule::kAll)
    return fail(Errc::invalid, "--share is a part of all frames such as 5% or 0.05, not \"" + text + "\"");
  return static_cast<std::uint32_t>(millionths);
}

Status parse_ms(const std::string& text, FaultRule& rule) {
  if (text.empty()) return Unit{};
  const std::size_t dots = text.find("..");
  const auto least = whole_number<std::uint32_t>(std::string_view(text).substr(0, dots));
  const auto most =
      dots == std::string::npos ? least : whole_number<std::uint32_t>(std::string_view(text).substr(dots + 2));
  if (!least || !most || *most < *least)
    return fail(Errc::invalid,
                "--ms is a number of milliseconds such as 50, or two such as 50..80, not \"" + text + "\"");
  rule.least = Millis(*least);
  rule.most = Millis(*most);
  return Unit{};
}

Result<std::int64_t> parse_drift(const std::string& text) {
  if (text.empty()) return std::int64_t{0};
  const auto ppm = whole_number<std::int64_t>(text.front() == '+' ? text.substr(1) : text);
  if (!ppm)
    return fail(Errc::invalid, "--drift is a number of parts per million such as 200 or -50, not \"" + text + "\"");
  return *ppm;
}

Result<FaultWay> parse_way(const TypedFault& typed, FaultKind kind, bool everywhere) {
  if (typed.out && typed.in) return fail(Errc::invalid, "say --out or --in; without either it is both");
  if (typed.out) return FaultWay::out;
  if (typed.in) return FaultWay::in;
  return everywhere && concerns_links(kind) ? FaultWay::out : FaultWay::both;
}

}  // namespace

Result<Millis> parse_lasts(const std::string& text) {
  if (text.empty())
    return fail(Errc::invalid,
                "say how long it lasts, at most 1h: --for 20s; a fault that is forgotten ends by itself");
  const Result<Millis> span = parse_span(text);
  return span ? span : fail(Errc::invalid, "--for is a time such as 500ms, 20s, 5m or 1h, not \"" + text + "\"");
}

Result<FaultRule> parse_fault(const TypedFault& typed, bool everywhere) {
  FaultRule rule;
  const Result<FaultKind> kind = parse_kind(typed.kind);
  if (!kind) return kind.error();
  const Result<FaultWay> way = parse_way(typed, *kind, everywhere);
  if (!way) return way.error();
  const Result<std::uint32_t> share = parse_share(typed.share);
  if (!share) return share.error();
  if (const Status ms = parse_ms(typed.ms, rule); !ms) return ms.error();
  const Result<Millis> offset = parse_offset(typed.offset);
  if (!offset) return offset.error();
  const Result<std::int64_t> drift = parse_drift(typed.drift);
  if (!drift) return drift.error();
  const Result<Millis> lasts = parse_lasts(typed.lasts);
  if (!lasts) return lasts.error();
  rule.kind = *kind;
  rule.peers = typed.peers;
  rule.way = *way;
  rule.share = *share;
  rule.offset = *offset;
  rule.drift_ppm = *drift;
  rule.lasts = *lasts;
  return rule;
}

Result<std::vector<std::vector<std::string>>> parse_groups(const std::string& text) {
  const Error wrong =
      fail(Errc::invalid, "a partition is groups of nodes such as n1,n2/n3,n4,n5, not \"" + text + "\"");
  std::vector<std::vector<std::string>> groups;
  std::set<std::string> seen;
  std::istringstream sides(text);
  for (std::string side; std::getline(sides, side, '/');) {
    std::istringstream names(side);
    std::vector<std::string>& group = groups.emplace_back();
    for (std::string name; std::getline(names, name, ',');) {
      if (name.empty()) return wrong;
      if (!seen.insert(name).second) return fail(Errc::invalid, "\"" + name + "\" is named twice in the partition");
      group.push_back(name);
    }
    if (group.empty()) return wrong;
  }
  return groups.size() >= 2 ? Result(std::move(groups)) : wrong;
}

Result<std::string> read_token(const std::string& file) {
  if (file.empty())
    return fail(Errc::invalid,
                "the nodes' token is needed: name the file that shoald was given with --allow-faults, as --token-file "
                "FILE or in SHOAL_FAULTS_TOKEN_FILE");
  const Result<std::optional<std::string>> text = read_text_file(file);
  if (!text) return text.error();
  if (!*text) return fail(Errc::invalid, "the file of the token, " + file + ", is missing");
  std::string token = **text;
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  return token;
}

}  // namespace shoal::cli
