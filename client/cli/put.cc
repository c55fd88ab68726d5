// put and del. Without a token, both read first, so that they replace what is there; a blind write would land beside
// it. In a bucket of kind strong a put needs no token to replace what is there; with one it is a comparison.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "client/cli/input.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

struct Put {
  std::string key;
  std::optional<std::string> value;
  std::string file;
  bool blind = false;
};

Result<std::string> value_of(const Put& put) {
  if (put.value.has_value() == !put.file.empty())
    return fail(Errc::invalid, "put needs one of VALUE, - for standard input, or --file FILE");
  if (!put.file.empty()) return read_value_file(put.file);
  return *put.value == "-" ? read_value(stdin, "standard input") : *put.value;
}

std::string stand_ins_of(const Receipt& receipt) {
  if (receipt.stand_ins == 0) return "";
  return "; " + std::to_string(receipt.stand_ins) + " of them for owners that could not be reached";
}

int print_receipt(const Session& session, const std::string& key, const Receipt& receipt) {
  if (session.is_json()) {
    print_json(Json{{"schema", kSchema},
                    {"key", json_of_bytes(key)},
                    {"acks", receipt.acks},
                    {"needed", receipt.needed},
                    {"stand_ins", receipt.stand_ins},
                    {"durable", receipt.durable},
                    {"siblings", receipt.siblings},
                    {"context", receipt.context.token()}});
  } else if (session.format() == Format::csv) {
    print_table({{"key", "acks", "needed", "stand_ins", "durable", "siblings", "context"},
                 {{key, std::to_string(receipt.acks), std::to_string(receipt.needed), std::to_string(receipt.stand_ins),
                   receipt.durable ? "true" : "false", std::to_string(receipt.siblings), receipt.context.token()}}},
                Format::csv);
  } else if (session.is_table() && !session.quiet()) {
    print_line(session.paint(Paint::good, "ok") + "   " + std::to_string(receipt.acks) + " replicas have it, " +
               std::to_string(receipt.needed) + " needed" + stand_ins_of(receipt) +
               (receipt.durable ? "" : "; not on disk yet"));
  }
  if (session.verbose()) session.say("context: " + receipt.context.token());
  return kDone;
}

// What a write without a token replaces. Being writable comes first: when the read fails, the write goes on without a
// context and may then stand beside other values. What is wrong with the request itself the write says.
Context context_from_read(Session& session, const Put& put) {
  ReadOptions reading = session.reading();
  reading.timeout = std::max(session.timeout() / 2, Millis{1});
  const Result<BucketStatus> bucket = session.db().bucket(reading.bucket, reading.timeout);
  if (bucket && bucket->kind == "strong") return {};
  const Result<Object> seen = bucket ? session.db().get(put.key, reading) : Result<Object>(bucket.error());
  if (!seen && exit_code_of(seen.error().code) == kUsage) return {};
  if (!seen) {
    session.say("could not read " + shown(put.key) + " first (" + seen.error().message +
                "); the write may end up beside an existing value");
    return {};
  }
  if (seen->conflicted()) session.say("replacing " + std::to_string(seen->siblings().size()) + " concurrent values");
  return seen->context();
}

int run_put(Session& session, const Put& put) {
  const Result<std::string> value = value_of(put);
  if (!value) return session.report(value.error());
  WriteOptions writing = session.writing();
  if (!put.blind && !session.has_context()) writing.context = context_from_read(session, put);
  const Result<Receipt> receipt = session.db().put(put.key, *value, writing);
  if (!receipt) return session.report(receipt.error());
  if (receipt->siblings > 1)
    session.say("note: " + shown(put.key) + " now holds " + std::to_string(receipt->siblings) +
                " concurrent values; see shoal get " + shown(put.key));
  return print_receipt(session, put.key, *receipt);
}

int run_del(Session& session, const std::string& key) {
  const Result<Receipt> receipt = session.db().del(key, session.writing());
  if (!receipt && receipt.error().code == Errc::not_found && !session.is_json()) {
    session.say("no such key: " + shown(key));
    return kAbsent;
  }
  if (!receipt) return session.report(receipt.error());
  return print_receipt(session, key, *receipt);
}

}  // namespace

Run declare_put(CLI::App& command) {
  const auto put = std::make_shared<Put>();
  command.add_option("KEY", put->key)->required();
  command.add_option("VALUE", put->value, "The value; - reads it from standard input");
  command.add_option("--file", put->file, "Read the value from this file");
  command.add_flag("--blind", put->blind, "Do not read first: the value lands beside what is there");
  command.footer(
      "Replaces what the key holds: with --context TOKEN exactly what that read saw, otherwise what a read\n"
      "just before finds. What others write meanwhile is kept beside it. In a bucket of\n"
      "kind strong a put replaces whatever is there; with --context only if the key is still as it was read (else "
      "3).\n\n"
      "  shoal put greeting hello\n  shoal put photo --file photo.jpg -w all\n  date | shoal put now -");
  return [put](Session& session) { return run_put(session, *put); };
}

Run declare_del(CLI::App& command) {
  const auto key = std::make_shared<std::string>();
  command.alias("rm")->alias("delete");
  command.add_option("KEY", *key)->required();
  command.footer(
      "Deletes what --context TOKEN saw, otherwise what a read just before finds. In a bucket of kind strong with\n"
      "--context: only if the key is still as it was read (else 3).");
  return [key](Session& session) { return run_del(session, *key); };
}

}  // namespace shoal::cli
