// cas: compare-and-set. Lost is an answer and no failure: exit 1, as of grep and cmp. In doubt is neither: exit 5.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "client/cli/input.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

struct Cas {
  std::string key;
  std::optional<std::string> first;  // OLD; or NEW, when a flag says what is expected
  std::optional<std::string> second;
  bool absent = false;
  bool remove = false;
};

// What is asked for: exactly one comparison, and exactly one thing to do.
struct Asked {
  std::optional<std::string> expected;
  std::optional<std::string> desired;  // absent: delete
};

Result<Asked> asked_of(const Session& session, const Cas& cas) {
  const bool by_flag = cas.absent || session.has_context();
  if (cas.absent && session.has_context())
    return fail(Errc::invalid, "--absent and --context are two comparisons; use one of them");
  if (cas.absent && cas.remove) return fail(Errc::invalid, "--absent with --delete would do nothing");
  Asked asked;
  if (!by_flag) asked.expected = cas.first;
  if (!cas.remove) asked.desired = by_flag ? cas.first : cas.second;
  const std::size_t given = (cas.first ? 1 : 0) + (cas.second ? 1 : 0);
  const std::size_t needed = (by_flag ? 0 : 1) + (cas.remove ? 0 : 1);
  if (given != needed)
    return fail(Errc::invalid,
                "cas needs KEY OLD NEW, KEY --absent NEW or KEY --context TOKEN NEW; with --delete no NEW");
  if (asked.expected == "-" && asked.desired == "-")
    return fail(Errc::invalid, "only one of OLD and NEW can come from standard input");
  for (std::optional<std::string>* value : {&asked.expected, &asked.desired}) {
    if (*value != "-") continue;
    Result<std::string> bytes = read_value(stdin, "standard input");
    if (!bytes) return bytes.error();
    *value = *std::move(bytes);
  }
  return asked;
}

Result<Receipt> ask(Session& session, const Cas& cas, const Asked& asked) {
  Client& db = session.db();
  const WriteOptions options = session.writing();
  if (cas.absent) return db.put_if_absent(cas.key, *asked.desired, options);
  if (!asked.expected)
    return asked.desired ? db.cas(cas.key, options.context, *asked.desired, options)
                         : db.del_if(cas.key, options.context, options);
  return asked.desired ? db.cas(cas.key, *asked.expected, *asked.desired, options)
                       : db.del_if(cas.key, *asked.expected, options);
}

std::string why_lost(const Cas& cas, const Asked& asked) {
  const std::string key = shown(cas.key);
  if (cas.absent) return "lost: " + key + " has a value already; it is unchanged";
  if (asked.expected) return "lost: " + key + " does not hold the expected value; it is unchanged";
  return "lost: " + key + " was written since that context was read; it is unchanged";
}

int print_won(const Session& session, const Cas& cas, const Receipt& receipt) {
  if (session.is_json()) {
    print_json(Json{{"schema", kSchema},
                    {"key", json_of_bytes(cas.key)},
                    {"outcome", "won"},
                    {"acks", receipt.acks},
                    {"needed", receipt.needed},
                    {"context", receipt.context.token()}});
  } else if (session.format() == Format::csv) {
    print_table({{"key", "outcome", "context"}, {{cas.key, "won", receipt.context.token()}}}, Format::csv);
  } else if (session.is_table() && !session.quiet()) {
    print_line(session.paint(Paint::good, "ok") + "   won; " + std::to_string(receipt.acks) + " replicas have it, " +
               std::to_string(receipt.needed) + " needed");
  }
  if (session.verbose()) session.say("context: " + receipt.context.token());
  return kDone;
}

void print_other(const Session& session, const Cas& cas, const char* outcome, const Error& error) {
  if (session.is_json()) {
    print_json(
        Json{{"schema", kSchema}, {"key", json_of_bytes(cas.key)}, {"outcome", outcome}, {"error", json_of(error)}});
  } else if (session.format() == Format::csv) {
    print_table({{"key", "outcome", "context"}, {{cas.key, outcome, ""}}}, Format::csv);
  }
}

int run(Session& session, const Cas& cas) {
  const Result<Asked> asked = asked_of(session, cas);
  if (!asked) return session.report(asked.error());
  const Result<Receipt> receipt = ask(session, cas, *asked);
  if (receipt) return print_won(session, cas, *receipt);
  if (receipt.error().code == Errc::conflict) {
    print_other(session, cas, "lost", receipt.error());
    session.say(why_lost(cas, *asked));
    return kAbsent;
  }
  if (!receipt.error().maybe_applied()) return session.report(receipt.error());
  print_other(session, cas, "in_doubt", receipt.error());
  return session.report_in_words(receipt.error());
}

}  // namespace

Run declare_cas(CLI::App& command) {
  const auto cas = std::make_shared<Cas>();
  command.add_option("KEY", cas->key)->required();
  command.add_option("OLD", cas->first, "What the key must hold; - reads it from standard input");
  command.add_option("NEW", cas->second, "What it shall hold then; - reads it from standard input");
  command.add_flag("--absent", cas->absent, "Instead of OLD: the key must have no value");
  command.add_flag("--delete", cas->remove, "Instead of NEW: delete the key");
  command.footer(
      "Compares and writes in one step; in buckets of kind strong alone. With --context (--ctx) TOKEN instead of OLD:\n"
      "the key must not have been written since that read, not even back to what it was.\n\n"
      "Exit 0: done; 1: lost, the key is unchanged; 5: in doubt, it may have been applied or still be: read the key.\n"
      "-o json says the same as \"outcome\": won, lost, in_doubt.\n\n"
      "  shoal bucket create locks --kind strong\n"
      "  shoal cas --bucket locks printer --absent ada\n"
      "  shoal cas --bucket locks printer ada grace\n"
      "  shoal cas --bucket locks printer grace --delete");
  return [cas](Session& session) { return run(session, *cas); };
}

}  // namespace shoal::cli
