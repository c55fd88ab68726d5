#include "bench/study/report/html.h"

#include <map>
#include <string_view>

#include "bench/study/report/assets.h"
#include "bench/study/report/chart_json.h"
#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

using Fields = std::map<std::string_view, std::string>;

// Each {{name}} of the template, once from front to back: what is put in is not looked at again.
std::string filled(std::string_view text, const Fields& fields) {
  std::string out;
  while (true) {
    const std::size_t open = text.find("{{");
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    const std::size_t close = text.find("}}", open);
    out += fields.at(text.substr(open + 2, close - open - 2));
    text.remove_prefix(close + 2);
  }
}

// JSON in a script element: nothing in it may look like the element's end, or like the begin of a comment.
std::string in_script(std::string_view json) {
  std::string out;
  for (const char c : json)
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  return out;
}

std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    if (end > 0) out += "<p>" + escaped(text.substr(0, end)) + "</p>\n";
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return out;
}

std::string list(const std::vector<std::string>& items) {
  if (items.size() == 1) return "<p>" + escaped(items.front()) + "</p>";
  std::string out;
  for (const std::string& item : items) out += "<li>" + escaped(item) + "</li>\n";
  return out.empty() ? out : "<ul>\n" + out + "</ul>";
}

// What stands after line breaks in a cell is printed small, below it.
std::string cell(std::string_view text) {
  std::string out = "<td>";
  for (bool first = true; first || !text.empty(); first = false) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line = escaped(text.substr(0, end));
    out += first ? line : "<small>" + line + "</small>";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "</td>";
}

std::string table(const Page& page) {
  if (page.table.empty()) return "";
  std::string out = "<div class=\"table\"><table>\n<thead><tr>";
  for (const std::string& head : page.table_head) out += "<th>" + escaped(head) + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : page.table) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) out += i == 0 ? "<th>" + escaped(row[i]) + "</th>" : cell(row[i]);
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>";
}

std::string contents(const Page& page) {
  std::string out = "<details><summary>" + std::to_string(page.charts.size()) + " charts</summary>\n<nav>";
  for (const Chart& chart : page.charts)
    out += "<a href=\"#" + escaped(chart.id) + "\">" + escaped(chart.title) + "</a>\n";
  return out + "</nav></details>";
}

// The scripts draw into div.plot; without them the figure for papers stands there.
std::string figure(const Chart& chart) {
  const std::string id = escaped(chart.id);
  const std::string file = "fig-" + id + ".svg";
  return "<figure id=\"" + id + "\">\n<div class=\"head\"><h2>" + escaped(chart.title) +
         "</h2><span class=\"tools\"><a href=\"" + file + "\">SVG</a></span></div>\n<figcaption>" +
         escaped(chart.sentence) + "</figcaption>\n<div class=\"legend\"></div>\n<div class=\"plot\" tabindex=\"0\">" +
         "</div>\n<noscript><img src=\"" + file + "\" alt=\"" + escaped(chart.title) + "\"></noscript>\n</figure>\n";
}

std::string lines(const std::vector<std::string>& all) {
  std::string out;
  for (const std::string& line : all) out += escaped(line) + "\n";
  return out;
}

}  // namespace

std::string html_of(const Page& page) {
  Page data;
  data.charts = page.charts;
  std::string figures;
  for (const Chart& chart : page.charts) figures += figure(chart);
  return filled(assets::page_html(), {{"title", escaped(page.title)},
                                      {"style", std::string(assets::report_css())},
                                      {"verdict", escaped(page.verdict)},
                                      {"about", paragraphs(page.about)},
                                      {"findings", list(page.findings)},
                                      {"table", table(page)},
                                      {"contents", contents(page)},
                                      {"figures", figures},
                                      {"repeat", lines(page.repeat)},
                                      {"scenario", escaped(page.scenario)},
                                      {"footer", escaped(page.footer)},
                                      {"data", in_script(to_json(data))},
                                      {"d3_licence", std::string(assets::d3_licence())},
                                      {"d3", std::string(assets::d3())},
                                      {"plot", std::string(assets::plot_js())},
                                      {"report", std::string(assets::report_js())}});
}

}  // namespace shoal::study
