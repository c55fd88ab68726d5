// bucket: creating buckets and setting what their requests get by default. The voters choose a document with the
// bucket; the command then waits until every living member knows that document, so that the next write may go anywhere.
#include <CLI/CLI.hpp>
#include <memory>

#include "client/cli/gather.h"
#include "client/cli/verbs.h"
#include "client/settings.h"
#include "node/base/suggest.h"

namespace shoal::cli {
namespace {

struct Asked {
  std::string name;
  std::string kind = "siblings";
  std::string r;
  std::string w;
};

std::string text_of(int copies) { return copies == 0 ? "majority" : copies < 0 ? "all" : std::to_string(copies); }

Json json_of(const BucketStatus& bucket) {
  return Json{
      {"name", json_of_bytes(bucket.name)}, {"kind", bucket.kind}, {"r", text_of(bucket.r)}, {"w", text_of(bucket.w)}};
}

int print_buckets(const Session& session, const std::vector<BucketStatus>& buckets) {
  Table table{{"NAME", "KIND", "R", "W"}, {}};
  for (const BucketStatus& bucket : buckets)
    table.rows.push_back({shown(bucket.name), bucket.kind, text_of(bucket.r), text_of(bucket.w)});
  print_table(table, session.format());
  return kDone;
}

Error no_such_bucket(const NodeStatus& view, const std::string& name) {
  std::vector<std::string> names;
  for (const BucketStatus& bucket : view.buckets) names.push_back(bucket.name);
  const std::string guess = did_you_mean(name, names);
  return fail(Errc::not_found, "there is no bucket \"" + name + "\"" +
                                   (guess.empty() ? "; create it with: shoal bucket create " + name : guess));
}

Result<BucketStatus> find(const NodeStatus& view, const std::string& name) {
  const auto it = std::ranges::find(view.buckets, name, &BucketStatus::name);
  if (it == view.buckets.end()) return no_such_bucket(view, name);
  return *it;
}

// As a bucket stores it: 0 is a majority.
Status assign(int& field, const std::string& text, const char* flag, std::uint32_t replicas) {
  if (text.empty()) return Unit{};
  const Result<Copies> copies = client_detail::parse_copies(text);
  if (!copies) return copies.error();
  if (copies->n > static_cast<int>(replicas))
    return fail(Errc::invalid, std::string(flag) + " " + text + " can never be met: a key has " +
                                   std::to_string(replicas) + " copies in this cluster");
  field = *copies == Copies::majority() ? 0 : copies->n;
  return Unit{};
}

int finish(Session& session, const NodeStatus& view, const BucketStatus& bucket, std::uint64_t epoch) {
  const std::vector<std::string> behind = wait_for_document(session, view, epoch);
  if (session.is_json()) {
    print_json(Json{{"schema", kSchema}, {"bucket", json_of(bucket)}, {"epoch", epoch}, {"not_known_to", behind}});
  } else if (session.is_table() && !session.quiet()) {
    print_line(session.paint(Paint::good, "ok") + "   " + shown(bucket.name) + ": kind " + bucket.kind + ", r " +
               text_of(bucket.r) + ", w " + text_of(bucket.w));
  }
  for (const std::string& name : behind)
    session.say("the bucket is there, but " + shown(name) + " has not said yet that it knows it");
  return behind.empty() ? kDone : kMaybe;
}

int create(Session& session, const Asked& asked) {
  const Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  BucketStatus bucket{.name = asked.name, .kind = asked.kind};
  if (const Status r = assign(bucket.r, asked.r, "-r", view->replicas); !r) return session.report(r.error());
  if (const Status w = assign(bucket.w, asked.w, "-w", view->replicas); !w) return session.report(w.error());
  const Result<std::uint64_t> epoch = session.db().create_bucket(bucket);
  if (!epoch) return session.report(epoch.error());
  return finish(session, *view, bucket, *epoch);
}

int change(Session& session, const Asked& asked) {
  if (asked.r.empty() && asked.w.empty())
    return session.report(fail(Errc::invalid, "say what to set: -r, -w or both; the kind of a bucket never changes"));
  const Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  Result<BucketStatus> bucket = find(*view, asked.name);
  if (!bucket) return session.report(bucket.error());
  if (const Status r = assign(bucket->r, asked.r, "-r", view->replicas); !r) return session.report(r.error());
  if (const Status w = assign(bucket->w, asked.w, "-w", view->replicas); !w) return session.report(w.error());
  const Result<std::uint64_t> epoch = session.db().change_bucket(*bucket);
  if (!epoch) return session.report(epoch.error());
  return finish(session, *view, *bucket, *epoch);
}

int list(Session& session) {
  const Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  if (!session.is_json()) return print_buckets(session, view->buckets);
  Json buckets = Json::array();
  for (const BucketStatus& bucket : view->buckets) buckets.push_back(json_of(bucket));
  if (session.format() == Format::json) {
    print_json(Json{{"schema", kSchema}, {"buckets", std::move(buckets)}});
  } else {
    for (const Json& bucket : buckets) print_json(bucket);
  }
  return kDone;
}

int show(Session& session, const std::string& name) {
  const Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  const Result<BucketStatus> bucket = find(*view, name);
  if (!bucket) return session.report(bucket.error());
  if (!session.is_json()) return print_buckets(session, {*bucket});
  print_json(Json{{"schema", kSchema}, {"bucket", json_of(*bucket)}});
  return kDone;
}

CLI::App* declare(CLI::App& command, const char* name, const char* summary) {
  return command.add_subcommand(name, summary)->fallthrough();
}

void declare_copies(CLI::App& command, Asked& asked) {
  command.add_option("-r", asked.r, "Replicas that answer a read that does not say otherwise: 1, ..., majority, all");
  command.add_option("-w", asked.w, "Replicas that confirm a write that does not say otherwise");
}

}  // namespace

Run declare_bucket(CLI::App& command) {
  const auto asked = std::make_shared<Asked>();
  command.require_subcommand(1);
  CLI::App* create_it = declare(command, "create", "Create a bucket");
  create_it->add_option("NAME", asked->name, "1 to 64 bytes")->required();
  create_it->add_option(
      "--kind", asked->kind,
      "siblings: keeps concurrent values side by side; lww: keeps the newest and loses the others; strong: "
      "agrees on every write, for compare-and-set");
  declare_copies(*create_it, *asked);
  CLI::App* set = declare(command, "set", "Set what requests of a bucket get that do not say otherwise");
  set->add_option("NAME", asked->name)->required();
  declare_copies(*set, *asked);
  CLI::App* ls = declare(command, "ls", "List the buckets");
  declare(command, "show", "Show one bucket")->add_option("NAME", asked->name)->required();
  command.footer(
      "A bucket's kind is fixed when it is created. create and set end when every living member knows of it; 5:\n"
      "it is there, but somebody has not said so within the timeout.\n\n"
      "  shoal bucket create sessions --kind lww -r 1 -w 1\n  shoal bucket set sessions -w majority\n"
      "  shoal put --bucket sessions k v");
  return [asked, create_it, set, ls](Session& session) {
    if (create_it->parsed()) return create(session, *asked);
    if (set->parsed()) return change(session, *asked);
    return ls->parsed() ? list(session) : show(session, asked->name);
  };
}

}  // namespace shoal::cli
