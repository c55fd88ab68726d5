// study: runs scenarios, and works with the folders that they leave.
#include "client/cli/study.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

struct Asked {
  StudyRunAsked run;
  StudyCompareAsked compare;
  StudyExportAsked exported;
  std::string folder;  // of report
};

CLI::App* declare_run(CLI::App& command, StudyRunAsked& asked) {
  CLI::App* verb =
      command.add_subcommand("run", "Run a scenario file; exit 6 when a promise was broken, 8 when undecided");
  verb->fallthrough();
  verb->add_option("FILE", asked.file, "The scenario, as docs/study.md explains")->required();
  verb->add_option("--on", asked.on, "sim: in virtual time; real: nodes on this machine")
      ->check(CLI::IsMember({"sim", "real"}))
      ->capture_default_str();
  CLI::Option* seed = verb->add_option_function<std::uint64_t>(
      "--seed", [&asked](std::uint64_t value) { asked.seed = value, asked.one_seed = true; }, "This seed alone");
  verb->add_option("--seeds", asked.seeds, "Seeds 1 to N; default: as many as the file says")
      ->check(CLI::Range(1U, 1'000'000U))
      ->excludes(seed);
  verb->add_option("--variant", asked.variant, "This variant alone");
  verb->add_option("--out", asked.out, "Folder of the results; default: NAME-results");
  verb->add_flag("--force", asked.force, "Write over the results of an earlier study");
  verb->add_option("--jobs", asked.jobs, "Runs at the same time, on sim; default: one for each processor")
      ->check(CLI::Range(1U, 1024U));
  return verb;
}

CLI::App* declare_compare(CLI::App& command, StudyCompareAsked& asked) {
  CLI::App* verb = command.add_subcommand("compare", "Compare two folders of results, and rank their variants");
  verb->fallthrough();
  verb->add_option("A", asked.a, "A folder of results")->required();
  verb->add_option("B", asked.b, "Another; without it the variants of A are ranked");
  verb->add_flag("--all", asked.all, "All numbers, not only the leading ones");
  return verb;
}

CLI::App* declare_report(CLI::App& command, std::string& folder) {
  CLI::App* verb = command.add_subcommand("report", "Draw report.html and the figures of a folder again");
  verb->fallthrough();
  verb->add_option("DIR", folder, "A folder of results")->required();
  return verb;
}

CLI::App* declare_export(CLI::App& command, StudyExportAsked& asked) {
  CLI::App* verb = command.add_subcommand("export", "Print a run's history for another checker");
  verb->fallthrough();
  verb->add_option("DIR", asked.folder, "A folder of results")->required();
  verb->add_option("--for", asked.checker, "elle, knossos or porcupine")
      ->check(CLI::IsMember({"elle", "knossos", "porcupine"}))
      ->required();
  verb->add_option("--as", asked.as, "json or edn")->check(CLI::IsMember({"json", "edn"}))->capture_default_str();
  verb->add_option_function<std::string>(
      "--variant", [&asked](const std::string& name) { asked.variant = name, asked.one_variant = true; },
      "Of this variant; default: of the first run");
  verb->add_option_function<std::uint64_t>(
      "--seed", [&asked](std::uint64_t value) { asked.seed = value, asked.one_seed = true; },
      "Of the run with this seed");
  verb->add_option("--key", asked.key, "Operations of this key alone");
  verb->add_option("--out", asked.out, "Into this file; default: standard output");
  return verb;
}

}  // namespace

Run declare_study(CLI::App& command) {
  const auto asked = std::make_shared<Asked>();
  command.require_subcommand(1);
  CLI::App* run = declare_run(command, asked->run);
  CLI::App* compare = declare_compare(command, asked->compare);
  CLI::App* report = declare_report(command, asked->folder);
  declare_export(command, asked->exported);
  command.footer(
      "  shoal study run split.toml --seeds 20\n"
      "  shoal study run split.toml --on real\n"
      "  shoal study compare split-results other-results\n"
      "  shoal study export split-results --for elle --as json > history.json\n\n"
      "docs/study.md explains scenario files, folders of results, every number and every check.");
  return [asked, run, compare, report](Session& session) {
    if (run->parsed()) return study_run(session, asked->run);
    if (compare->parsed()) return study_compare(session, asked->compare);
    return report->parsed() ? study_report(session, asked->folder) : study_export(session, asked->exported);
  };
}

}  // namespace shoal::cli
