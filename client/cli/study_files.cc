// study report and study export: files out of a folder of results.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "bench/study/export.h"
#include "bench/study/report/report.h"
#include "client/cli/study.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

study::ExportOptions options_of(const StudyExportAsked& asked) {
  static const std::map<std::string, study::Foreign> kCheckers{
      {"elle", study::Foreign::elle}, {"knossos", study::Foreign::knossos}, {"porcupine", study::Foreign::porcupine}};
  study::ExportOptions options{.checker = kCheckers.at(asked.checker),
                               .notation = asked.as == "json" ? study::Notation::json : study::Notation::edn};
  if (asked.one_variant) options.variant = asked.variant;
  if (asked.one_seed) options.seed = asked.seed;
  if (!asked.key.empty()) options.key = asked.key;
  return options;
}

void say_what_was_left_out(const Session& session, const study::Exported& exported) {
  session.say(std::to_string(exported.operations) + " operations of " + variant_text(exported.variant) + ", seed " +
              std::to_string(exported.seed));
  if (exported.concurrent_reads > 0)
    session.say("left out: " + std::to_string(exported.concurrent_reads) +
                " reads of several values, which no register has");
  if (exported.deleted_keys > 0)
    session.say("left out: " + std::to_string(exported.deleted_keys) +
                " keys with deletes, which have no value to tell them apart");
  if (exported.weakened > 0)
    session.say("told as puts: " + std::to_string(exported.weakened) +
                " compare-and-sets, which this log does not have; --as json has them");
}

Result<study::Exported> write_export(const StudyExportAsked& asked, const fs::path& target) {
  std::ofstream file(target, std::ios::binary);
  if (!file) return fail(Errc::io, asked.out + " cannot be written");
  return study::export_history(asked.folder, options_of(asked), file);
}

// Whole or not at all: what stood there stays until all of it is written. Pipes and devices cannot be replaced.
Result<study::Exported> export_to_file(const StudyExportAsked& asked) {
  const fs::path target = asked.out;
  std::error_code error;
  if (fs::equivalent(target, fs::path(asked.folder) / "history.ndjson", error))
    return fail(Errc::refused, asked.out + " is the history itself: choose another file");
  if (fs::exists(target, error) && !fs::is_regular_file(target, error)) return write_export(asked, target);
  const fs::path part = asked.out + ".part-" + std::to_string(::getpid());
  Result<study::Exported> exported = write_export(asked, part);
  if (exported) fs::rename(part, target, error);
  if (exported && error) exported = fail(Errc::io, asked.out + " cannot be written: " + error.message());
  if (!exported) fs::remove(part, error);
  return exported;
}

}  // namespace

int study_report(Session& session, const std::string& folder) {
  const Result<study::StudyResults> results = study::read_results(folder);
  if (!results) return session.report(results.error());
  if (const Status drawn = study::write_report(folder, *results); !drawn) return session.report(drawn.error());
  session.say("drawn: " + shown((std::filesystem::path(folder) / "report.html").string()));
  return kDone;
}

int study_export(Session& session, const StudyExportAsked& asked) {
  const Result<study::Exported> exported =
      asked.out.empty() ? study::export_history(asked.folder, options_of(asked), std::cout) : export_to_file(asked);
  if (!exported) return session.report(exported.error());
  say_what_was_left_out(session, *exported);
  return kDone;
}

}  // namespace shoal::cli
