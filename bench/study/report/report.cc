#include "bench/study/report/report.h"

#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "bench/study/report/chart_json.h"
#include "bench/study/report/html.h"
#include "bench/study/report/page.h"
#include "bench/study/report/svg.h"

namespace shoal::study {
namespace {

Status write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
  out.close();
  if (out.fail()) return fail(Errc::io, "cannot write " + path.string() + ": look at the disk and at the permissions");
  return Unit{};
}

bool is_figure(const std::filesystem::path& path) {
  return path.filename().string().starts_with("fig-") && path.extension() == ".svg";
}

// Those of an earlier report, whose charts may not be there any more.
void remove_figures(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> figures;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (is_figure(entry.path())) figures.push_back(entry.path());
  for (const auto& figure : figures) std::filesystem::remove(figure, error);
}

}  // namespace

Status write_report(const std::filesystem::path& folder, const StudyResults& results) {
  const Page page = page_of(results);
  if (Status status = write_file(folder / "charts.json", to_json(page) + "\n"); !status) return status;
  remove_figures(folder);
  for (const Chart& chart : page.charts)
    if (Status status = write_file(folder / ("fig-" + chart.id + ".svg"), svg_of(chart)); !status) return status;
  return write_file(folder / "report.html", html_of(page));
}

}  // namespace shoal::study
