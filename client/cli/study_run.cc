// study run: many runs of a scenario, some at the same time, and the folder of their results.
//
// Runs end in any order and enter the folder in theirs, so that the same study makes the same files however many
// processors there are. At most as many recordings are in memory as runs are made at the same time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <future>
#include <thread>
#include <utility>

#include "bench/study/driver.h"
#include "bench/study/node_faults.h"
#include "bench/study/report/report.h"
#include "bench/study/result_folder.h"
#include "bench/study/run_file.h"
#include "bench/study/scenario_file.h"
#include "client/cli/progress.h"
#include "client/cli/study.h"
#include "node/base/suggest.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;
using study::Judgement;
using study::Recording;
using study::Variant;

struct Job {
  const Variant* variant = nullptr;
  std::uint64_t seed = 0;
};

struct Plan {
  study::StudyFile file;
  bool real = false;
  std::vector<Job> jobs;
  study::RunInfo info;
  fs::path out;
};

// As typed, but without what only this machine knows.
std::string command_of(const StudyRunAsked& asked) {
  std::string text = "shoal study run " + fs::path(asked.file).filename().string();
  if (asked.on != "sim") text += " --on " + asked.on;
  if (asked.one_seed) text += " --seed " + std::to_string(asked.seed);
  if (asked.seeds > 0) text += " --seeds " + std::to_string(asked.seeds);
  if (!asked.variant.empty()) text += " --variant " + asked.variant;
  return text;
}

std::vector<std::uint64_t> seeds_of(const StudyRunAsked& asked, const study::Scenario& scenario) {
  if (asked.one_seed) return {asked.seed};
  std::vector<std::uint64_t> seeds(asked.seeds > 0 ? asked.seeds : scenario.seeds);
  for (std::size_t i = 0; i < seeds.size(); ++i) seeds[i] = i + 1;
  return seeds;
}

Result<Unit> choose_variant(const std::string& name, study::StudyFile& file) {
  std::vector<std::string> names;
  for (const Variant& variant : file.variants) names.push_back(variant.name);
  if (std::ranges::find(names, name) == names.end())
    return fail(Errc::invalid, "the study has no variant \"" + name + "\"" + did_you_mean(name, names));
  std::erase_if(file.variants, [&](const Variant& variant) { return variant.name != name; });
  return Unit{};
}

Result<Plan> plan_of(const StudyRunAsked& asked) {
  Result<study::StudyFile> file = study::read_study(asked.file);
  if (!file) return file.error();
  Plan plan{.file = *std::move(file), .real = asked.on == "real"};
  if (!asked.variant.empty())
    if (const Status chosen = choose_variant(asked.variant, plan.file); !chosen) return chosen.error();
  const study::Scenario& first = plan.file.variants.front().scenario;
  plan.info = {.name = first.name,
               .title = first.title,
               .about = first.about,
               .text = plan.file.text,
               .driver = asked.on,
               .command = command_of(asked),
               .version = SHOAL_VERSION,
               .revision = std::string(study::source_revision())};
  plan.out = asked.out.empty() ? first.name + "-results" : asked.out;
  return plan;
}

// Afterwards the plan must stay where it is.
void fill_jobs(const StudyRunAsked& asked, Plan& plan) {
  for (const Variant& variant : plan.file.variants) {
    plan.info.variants.push_back(variant.name);
    const std::vector<std::uint64_t> seeds = seeds_of(asked, variant.scenario);
    for (const std::uint64_t seed : seeds) plan.jobs.push_back({&variant, seed});
    if (seeds.size() > plan.info.seeds.size()) plan.info.seeds = seeds;
  }
}

// Everything that can be refused, before anything is made.
Status check_plan(const StudyRunAsked& asked, const Plan& plan) {
  if (study::would_remove(plan.out, asked.file))
    return fail(Errc::refused,
                asked.file + " would be removed with the results in " + plan.out.string() + ": choose another folder");
  if (!plan.real) return Unit{};
  for (const Job& job : plan.jobs)
    if (Status able = study::check_on_nodes(study::with_faults_drawn(job.variant->scenario, job.seed)); !able)
      return able;
  return Unit{};
}

class Runner {
 public:
  Runner(Session& session, const Plan& plan, unsigned jobs)
      : plan_(plan), at_once_(plan.real ? 1 : jobs), shares_(plan.jobs.size()), progress_(session, "runs") {}

  // Hands over each recording in the order of the jobs; the first error ends it.
  template <class Take>
  Status run(Take take) {
    for (std::size_t number = 0; number < plan_.jobs.size(); ++number) {
      while (next_ < plan_.jobs.size() && under_way_.size() < at_once_) begin();
      Result<Recording> recording = wait(number);
      under_way_.pop_front();
      if (!recording) return recording.error();
      if (const Status taken = take(plan_.jobs[number], *recording); !taken) return taken;
    }
    return Unit{};
  }

 private:
  void begin() {
    const std::size_t number = next_++;
    under_way_.push_back(std::async(std::launch::async, [this, number] { return run_one(number); }));
  }

  Result<Recording> run_one(std::size_t number) {
    const Job& job = plan_.jobs[number];
    const auto progress = [this, number](double share, std::string_view) { shares_[number] = share; };
    Result<Recording> recording =
        plan_.real ? run_real(job, progress) : study::simulate(*job.variant, job.seed, progress);
    shares_[number] = 1;
    return recording;
  }

  static Result<Recording> run_real(const Job& job, const study::Progress& progress) {
    std::error_code error;
    const fs::path shoald = fs::read_symlink("/proc/self/exe", error).replace_filename("shoald");
    std::string pattern = (fs::temp_directory_path(error) / "shoal-study-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return fail(Errc::io, "cannot make a folder for the nodes: " + pattern);
    Result<Recording> recording =
        study::run_on_nodes(*job.variant, job.seed, {.shoald = shoald, .dir = pattern}, progress);
    if (recording) {
      fs::remove_all(pattern, error);
    } else if (!fs::remove(pattern, error)) {  // which leaves what is not empty
      return fail(recording.error().code, recording.error().message + " (the nodes' logs: " + pattern + ")");
    }
    return recording;
  }

  Result<Recording> wait(std::size_t number) {
    constexpr auto kPeriod = std::chrono::milliseconds(50);
    while (under_way_.front().wait_for(kPeriod) != std::future_status::ready) tell(number);
    tell(number);
    return under_way_.front().get();
  }

  void tell(std::size_t number) {
    double done = 0;
    for (const std::atomic<double>& share : shares_) done += share;
    const Job& job = plan_.jobs[number];
    const auto all = static_cast<double>(plan_.jobs.size());
    progress_.reach(done / all, "run " + std::to_string(number + 1) + " of " + std::to_string(plan_.jobs.size()) +
                                    ": " + variant_text(job.variant->name) + ", seed " + std::to_string(job.seed));
  }

  const Plan& plan_;
  std::size_t at_once_;
  std::vector<std::atomic<double>> shares_;
  std::size_t next_ = 0;
  std::deque<std::future<Result<Recording>>> under_way_;
  Progress progress_;
};

int exit_code_of(Judgement judgement) {
  switch (judgement) {
    case Judgement::valid: return kDone;
    case Judgement::invalid: return kUnhealthy;
    case Judgement::undecided: return kUnknown;
  }
  return kBug;
}

Result<study::StudyResults> run_all(Session& session, const Plan& plan, const StudyRunAsked& asked) {
  Result<study::ResultFolder> folder = study::ResultFolder::create(plan.out, plan.info, asked.force);
  if (!folder) return folder.error();
  const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
  Runner runner(session, plan, asked.jobs > 0 ? asked.jobs : processors);
  const Status done = runner.run([&](const Job& job, const Recording& recording) -> Status {
    const study::Scenario& scenario = job.variant->scenario;
    const auto verdict = folder->add(recording, study::settings_for(scenario), scenario.history);
    return verdict ? Status(Unit{}) : verdict.error();
  });
  if (!done) {
    std::move(*folder).discard_if_empty();
    return done.error();
  }
  Result<study::StudyResults> results = folder->finish();
  if (!results) return results;
  if (const Status drawn = study::write_report(plan.out, *results); !drawn) return drawn.error();
  return results;
}

}  // namespace

int study_run(Session& session, const StudyRunAsked& asked) {
  Result<Plan> plan = plan_of(asked);
  if (!plan) return session.report(plan.error());
  fill_jobs(asked, *plan);
  if (const Status able = check_plan(asked, *plan); !able) return session.report(able.error());
  const Result<study::StudyResults> results = run_all(session, *plan, asked);
  if (!results) return session.report(results.error());
  print_results(session, *results, plan->out.string());
  return exit_code_of(results->judgement);
}

}  // namespace shoal::cli
