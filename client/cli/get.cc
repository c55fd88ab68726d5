#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>

#include "client/cli/output.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

struct Get {
  std::string key;
  bool raw = false;
  bool siblings = false;
  std::string out;
};

Json json_of(const Get& get, const Object& object) {
  Json json{{"schema", kSchema},
            {"key", json_of_bytes(get.key)},
            {"exists", object.exists()},
            {"conflict", object.conflicted()}};
  if (object.conflicted()) {
    json["values"] = Json::array();
    json["written"] = Json::array();
    for (const std::string& value : object.siblings()) json["values"].push_back(json_of_bytes(value));
    for (const Object::Time time : object.written()) json["written"].push_back(rfc3339(time));
  } else if (object.exists()) {
    json["value"] = json_of_bytes(object.value());
    json["written"] = rfc3339(object.written().front());
  }
  json["stand_ins"] = object.stand_ins();
  json["context"] = object.context().token();
  return json;
}

int save(const Session& session, const std::string& path, const std::string& value) {
  std::ofstream file(path, std::ios::binary);
  file << value;
  file.close();
  if (!file) return session.report(fail(Errc::io, "cannot write " + path));
  return kDone;
}

void print_value(const Session& session, const Get& get, const std::string& value) {
  if (get.raw) return print(value);
  if (session.is_table()) return print_line(shown(value));
  print_line(value);
}

int exit_code_for(const Get& get, const Object& object) {
  if (!object.exists()) return kAbsent;
  return object.conflicted() && !get.siblings ? kConflict : kDone;
}

int print_object(const Session& session, const Get& get, const Object& object) {
  if (session.is_json()) {
    print_json(json_of(get, object));
  } else if (session.format() == Format::csv) {
    Table table{{"key", "value"}, {}};
    if (exit_code_for(get, object) == kDone)
      for (const std::string& value : object.siblings()) table.rows.push_back({get.key, value});
    print_table(table, Format::csv);
  } else if (exit_code_for(get, object) == kDone) {
    for (const std::string& value : object.siblings()) print_value(session, get, value);
  }
  return exit_code_for(get, object);
}

int run(Session& session, const Get& get) {
  const Result<Object> object = session.db().get(get.key, session.reading());
  if (!object) return session.report(object.error());
  const int code = exit_code_for(get, *object);
  if (code == kAbsent) session.say("no such key: " + shown(get.key));
  if (code == kConflict) show_conflict(session, get.key, *object);
  if (session.verbose() && object->stand_ins() > 0)
    session.say(std::to_string(object->stand_ins()) + " of the replies came from stand-ins");
  if (session.verbose() && !object->context().empty()) session.say("context: " + object->context().token());
  if (!get.out.empty() && code == kDone && !object->conflicted()) return save(session, get.out, object->value());
  return print_object(session, get, *object);
}

}  // namespace

Run declare_get(CLI::App& command) {
  const auto get = std::make_shared<Get>();
  command.add_option("KEY", get->key)->required();
  command.add_flag("--raw", get->raw, "The value's exact bytes, without a newline");
  command.add_flag("--siblings", get->siblings, "Print all concurrent values instead of failing with 3");
  command.add_option("--out", get->out, "Write the value's exact bytes to this file");
  command.footer(
      "-o json prints the context too: the token for put --context.\n\n"
      "  shoal get cart:9\n  shoal get cart:9 -r all -o json\n  shoal get photo --raw > photo.jpg");
  return [get](Session& session) { return run(session, *get); };
}

}  // namespace shoal::cli
