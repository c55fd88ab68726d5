#include "bench/study/report/report.h"

#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "bench/study/report/chart_json.h"
#include "bench/study/report/html.h"
#include "bench/study/report/page.h"
#include "bench/study/report/svg.h"

namespace shoal::study {
namespace {

constexpr const char* kCharts = "charts.json";

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

Status render(const std::filesystem::path& folder, const Page& page) {
  remove_figures(folder);
  for (const Chart& chart : page.charts)
    if (Status status = write_file(folder / ("fig-" + chart.id + ".svg"), svg_of(chart)); !status) return status;
  return write_file(folder / "report.html", html_of(page));
}

}  // namespace

Status write_report(const std::filesystem::path& folder, const StudyResults& results) {
  const Page page = page_of(results);
  if (Status status = write_file(folder / kCharts, to_json(page) + "\n"); !status) return status;
  return render(folder, page);
}

Status render_report(const std::filesystem::path& folder) {
  std::ifstream in(folder / kCharts, std::ios::binary);
  if (!in)
    return fail(Errc::invalid, folder.string() + " has no charts.json: it is not the folder of a finished study");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const Result<Page> page = page_from_json(text);
  if (!page) return fail(page.error().code, (folder / kCharts).string() + ": " + page.error().message);
  return render(folder, *page);
}

}  // namespace shoal::study
