#include "bench/study/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shoal::study {
namespace {

// The row of a line that holds at this time; nothing outside of its rows.
std::optional<std::size_t> second_of(const Lines& lines, double at) {
  if (at < 0 || at >= static_cast<double>(lines.at.size())) return std::nullopt;
  return static_cast<std::size_t>(at);
}

}  // namespace

std::string csv_number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::vector<std::string> csv_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"')
      fields.back() += line[i++];
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      fields.emplace_back();
    else
      fields.back() += c;
  }
  return fields;
}

void write_metrics_head(const Measures& measures, std::ostream& out) {
  out << "variant,seed,time";
  for (const Lines* lines : {&measures.state, &measures.seconds_lines})
    for (const Lines::Column& column : lines->columns) out << ',' << column.name;
  out << '\n';
}

void write_metrics(const Measures& measures, std::ostream& out) {
  const std::string run = csv_text(measures.variant) + ',' + std::to_string(measures.seed) + ',';
  for (std::size_t row = 0; row < measures.state.at.size(); ++row) {
    const double at = measures.state.at[row];
    out << run << csv_number(at);
    for (const Lines::Column& column : measures.state.columns) out << ',' << csv_number(column.values[row]);
    const auto second = second_of(measures.seconds_lines, at);
    for (const Lines::Column& column : measures.seconds_lines.columns)
      out << ',' << (second ? csv_number(column.values[*second]) : "");
    out << '\n';
  }
}

void write_summary_head(const Measures& measures, std::ostream& out) {
  out << "variant,seed,verdict,r,w,replicas,events,event_hash";
  for (const Number& number : numbers_of(measures)) out << ',' << number.name;
  out << '\n';
}

void write_summary(const Measures& measures, Judgement judgement, const Recording& recording, std::ostream& out) {
  out << csv_text(measures.variant) << ',' << measures.seed << ',' << name_of(judgement) << ',' << measures.r << ','
      << measures.w << ',' << measures.replicas << ',' << recording.events << ','
      << fmt::format("{:016x}", recording.event_hash);
  for (const Number& number : numbers_of(measures)) out << ',' << (number.value ? csv_number(*number.value) : "");
  out << '\n';
}

}  // namespace shoal::study
