#include "tests/core/transcript.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "node/core/register_record.h"

namespace shoal {
namespace {

std::string counted(const Error& outcome) {
  return std::to_string(outcome.acks) + "/" + std::to_string(outcome.needed);
}

std::string members_of(const Membership& document) {
  std::string text = "epoch=" + std::to_string(document.epoch.value) + " members=";
  for (const Member& member : document.members)
    if (member.state != MemberState::removed) text += name_of(member.id);
  for (const Bucket& bucket : document.buckets) text += " bucket=" + bucket.name;
  return text + (document.forming ? " forming" : "");
}

Command parse(const std::string& line) {
  Command command;
  std::istringstream words(line);
  words >> command.verb;
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) {
      command.words.push_back(word);
    } else {
      command.options[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  return command;
}

Millis span_of(const std::string& text) {
  const int number = std::stoi(text);
  return text.ends_with("ms") ? Millis(number) : std::chrono::seconds(number);
}

std::int32_t number_of(const std::string& text) { return text == "all" ? -1 : std::stoi(text); }

}  // namespace

std::string Command::option(const std::string& name, const std::string& otherwise) const {
  const auto it = options.find(name);
  return it != options.end() ? it->second : otherwise;
}

// Blocks are separated by empty lines: comments and commands, then ---- and the output.
std::string Transcript::run(const std::string& text) {
  std::string told;
  std::istringstream lines(text);
  bool in_output = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) in_output = false;
    if (in_output) continue;
    told += line + "\n";
    if (line == "----") {
      told += std::exchange(output_, "");
      in_output = true;
    } else if (!line.empty() && line[0] != '#') {
      execute(parse(line));
    }
  }
  return told;
}

void Transcript::execute(const Command& command) {
  if (command.verb == "cluster") return start_cluster(command);
  if (!execute_request(command) && !execute_fault(command)) FAIL() << "no such command: " << command.verb;
  cluster_->run();
}

void Transcript::start_cluster(const Command& command) {
  std::string names;
  ClusterOptions options;
  for (const std::string& word : command.words) {
    if (word == "forming") {
      options.forming = true;
    } else if (word == "strong") {
      options.strong = true;
    } else {
      names += word;
    }
  }
  cluster_ = std::make_unique<Cluster>(names, options);
  cluster_->watch([this](const Cluster::Flight& flight, bool lost) { on_flight(flight, lost); });
}

bool Transcript::execute_request(const Command& command) {
  if (command.verb == "put" || command.verb == "del") {
    put(command, command.verb == "del");
  } else if (command.verb == "get") {
    get(command);
  } else if (command.verb == "bucket") {
    cluster_->ask(command.option("via")[0], BucketRequest{{}, {std::string(command.words.at(0))}, true});
  } else if (command.verb == "join") {
    cluster_->join(command.option("via")[0], {.node = command.node(0), .name = command.option("name")});
  } else {
    return false;
  }
  return true;
}

void Transcript::put(const Command& command, bool tombstone) {
  Put put{.key = command.option("key"), .value = command.option("value"), .tombstone = tombstone};
  put.w = number_of(command.option("w", "0"));
  put.timeout = span_of(command.option("timeout", "1s"));
  const std::string condition = command.option("if");
  if (!condition.empty()) put.condition = condition == "absent" ? PutIf::absent : PutIf::value_is;
  put.expected = condition;
  put.retry = command.options.contains("retry");
  if (command.options.contains("with")) put.context = contexts_.at(command.option("with"));
  if (command.options.contains("request")) put.request = {9, std::stoull(command.option("request"))};
  current_ = Asked{put.key, command.option("save")};
  questions_[cluster_->start_put(command.option("via")[0], put)] = current_;
}

void Transcript::get(const Command& command) {
  const Get get{.key = command.option("key"),
                .r = number_of(command.option("r", "0")),
                .timeout = span_of(command.option("timeout", "1s")),
                .level = level_of(command.option("level", "quorum")).value()};
  current_ = Asked{get.key, command.option("save")};
  questions_[cluster_->start_get(command.option("via")[0], get)] = current_;
}

bool Transcript::execute_fault(const Command& command) {
  Cluster& c = *cluster_;
  const auto each = [&](auto action) {
    for (const std::string& word : command.words) action(word[0]);
  };
  const std::map<std::string, std::function<void()>> verbs{
      {"slow-disk", [&] { each([&](Name name) { c.slow_disk(name); }); }},
      {"fast-disk", [&] { each([&](Name name) { c.fast_disk(name); }); }},
      {"cut", [&] { c.cut(command.node(0), command.node(1)); }},
      {"isolate", [&] { each([&](Name name) { c.isolate(name); }); }},
      {"heal", [&] { c.heal(); }},
      {"lose",
       [&] {
         const auto lost = [this, from = command.node(0), to = command.node(1),
                            kind = command.words.at(2)](const Cluster::Flight& flight) {
           return flight.from == from && flight.to == to && text_of(flight.message).starts_with(kind + " ");
         };
         c.lose(lost);
       }},
      {"backup", [&] { each([&](Name name) { backups_[name] = c.store(name).backup(); }); }},
      {"restore", [&] { each([&](Name name) { c.store(name).restore(backups_.at(name)); }); }},
      {"kill", [&] { each([&](Name name) { c.kill(name); }); }},
      {"start", [&] { each([&](Name name) { c.start(name); }); }},
      {"dead", [&] { each([&](Name name) { c.believe(name, Liveness::dead); }); }},
      {"alive", [&] { each([&](Name name) { c.believe(name, Liveness::alive); }); }},
      {"forget", [&] { c.store(command.node(0)).forget(c.slot(command.words.at(1))); }},
      {"spoil", [&] { c.store(command.node(0)).spoil(c.slot(command.words.at(1))); }},
      {"full", [&] { c.store(command.node(0)).set_trouble(fail(Errc::no_space, "the disk is full")); }},
      {"wait", [&] { c.advance(span_of(command.words.at(0))); }},
  };
  const auto verb = verbs.find(command.verb);
  if (verb == verbs.end()) return false;
  verb->second();
  return true;
}

// ---- how things read ------------------------------------------------------------------------------------------------

void Transcript::on_flight(const Cluster::Flight& flight, bool lost) {
  if (flight.to == '*') return say(std::string(1, flight.from) + ": " + reply_text(flight.message));
  if (std::holds_alternative<DocumentDigest>(flight.message)) return;
  say(std::string{flight.from, '-', '>', flight.to} + " " + text_of(flight.message) + (lost ? "  (lost)" : ""));
}

std::string Transcript::actor_text(const std::string& key, const Actor& actor) {
  if (actor == kRegisterActor) return "chosen";
  const Name node = name_of({actor.incarnation.value & 0xff});
  std::vector<Actor>& known = actors_[{key, node}];
  auto it = std::ranges::find(known, actor);
  if (it == known.end()) it = known.insert(it, actor);
  return node + std::string(static_cast<std::size_t>(it - known.begin()), '\'');
}

std::string Transcript::text_of(const std::string& key, const VersionVector& clock) {
  std::string text;
  for (const VersionVector::Entry& entry : clock.entries())
    text += (text.empty() ? "" : ",") + actor_text(key, entry.actor) + ":" + std::to_string(entry.counter);
  return "{" + text + "}";
}

std::string Transcript::text_of(const std::string& key, const Record& record) {
  std::string values;
  for (const Sibling& sibling : record.siblings)
    values += (values.empty() ? "" : "|") + (sibling.tombstone ? "deleted" : std::string(sibling.value.view()));
  return text_of(key, record.clock) + "=" + values;
}

// Only what the stories need; other messages show their number.
std::string Transcript::text_of(const Message& message) {
  if (const auto* m = std::get_if<Replicate>(&message)) {
    keys_[m->call] = m->key.name;
    const std::string why = m->purpose == Purpose::repair ? "  (repair)" : "";
    return "Replicate " + m->key.name + " " + text_of(m->key.name, *m->state) + why;
  }
  if (const auto* m = std::get_if<Replicated>(&message))
    return "Replicated " + keys_[m->call] + (m->outcome == Errc::ok ? "" : " refused");
  if (const auto* m = std::get_if<Fetch>(&message))
    return (m->digest_only ? "Fetch digest " : "Fetch ") + (keys_[m->call] = m->key.name);
  if (const auto* m = std::get_if<Fetched>(&message)) {
    const std::string& key = keys_[m->call];
    if (m->outcome != Errc::ok) return "Fetched " + key + " does not know";
    if (m->state == nullptr && m->digest != Hash128{}) return "Fetched " + key + " digest";
    return "Fetched " + key + " " + (m->state ? text_of(key, *m->state) : "nothing");
  }
  if (const auto* m = std::get_if<DocumentPush>(&message)) return "Document " + members_of(m->document);
  if (std::holds_alternative<CloseFormation>(message)) return "CloseFormation";
  if (std::holds_alternative<Forward>(message)) return "Forward";
  if (std::holds_alternative<Forwarded>(message)) return "Forwarded";
  if (const auto* m = std::get_if<PrepareDocument>(&message)) return "PrepareDocument " + text_of(m->ballot);
  if (const auto* m = std::get_if<PromiseDocument>(&message))
    return "PromiseDocument " + text_of(m->promised) + (m->document ? " has " + members_of(*m->document) : "");
  if (const auto* m = std::get_if<AcceptDocument>(&message))
    return "AcceptDocument " + text_of(m->ballot) + " " + members_of(m->document);
  if (const auto* m = std::get_if<AcceptedDocument>(&message)) return "AcceptedDocument " + text_of(m->promised);
  return text_of_paxos(message);
}

// A ballot is its counter and its proposer; a register reads version=value.
std::string Transcript::text_of_paxos(const Message& message) {
  const auto known = [&](const auto& m) { return keys_[m.call] = m.key.name; };
  const auto answer = [&](const auto& m) {
    const std::string& key = keys_[m.call];
    return key + (m.outcome != Errc::ok ? " does not vote" : " " + text_of(m.promised));
  };
  if (const auto* m = std::get_if<Prepare>(&message)) return "Prepare " + known(*m) + " " + text_of(m->ballot);
  if (const auto* m = std::get_if<Promise>(&message))
    return "Promise " + answer(*m) +
           (m->value != nullptr ? " has " + text_of(m->accepted) + " " + text_of(*m->value) : "");
  if (const auto* m = std::get_if<Accept>(&message))
    return "Accept " + known(*m) + " " + text_of(m->ballot) + " " + text_of(*m->value);
  if (const auto* m = std::get_if<Accepted>(&message)) return "Accepted " + answer(*m);
  if (const auto* m = std::get_if<Poll>(&message)) return "Poll " + known(*m);
  if (const auto* m = std::get_if<Polled>(&message)) {
    if (m->outcome != Errc::ok) return "Polled " + keys_[m->call] + " does not vote";
    return "Polled " + keys_[m->call] +
           (m->value != nullptr ? " " + text_of(m->accepted) + " " + text_of(*m->value) : " nothing");
  }
  if (const auto* m = std::get_if<Learn>(&message)) return "Learn " + m->key.name + " " + text_of(m->ballot);
  return "message " + std::to_string(message.index());
}

std::string Transcript::text_of(const paxos::Ballot& ballot) {
  return std::to_string(ballot.counter) + name_of({ballot.proposer.value & 0xff});
}

std::string Transcript::text_of(const paxos::Register& value) {
  return std::to_string(value.version) + "=" + (value.exists ? std::string(value.value.view()) : "nothing");
}

const Transcript::Asked& Transcript::asked(CallId call) const {
  const auto it = questions_.find(call);
  return it != questions_.end() ? it->second : current_;
}

std::string Transcript::put_text(const Asked& asked, const PutReply& reply) {
  const CausalContext token = cluster_->decode(asked.key, reply.context);
  if (!asked.save.empty()) contexts_[asked.save] = reply.context;
  return "ok " + counted(reply.outcome) + (reply.durable ? " durable" : "") +
         " token=" + text_of(asked.key, token.seen) + (token.may_overwrite ? "" : " for the session only") +
         (reply.siblings > 1 ? ", " + std::to_string(reply.siblings) + " siblings" : "");
}

std::string Transcript::get_text(const Asked& asked, const GetReply& reply) {
  std::string values;
  for (const Value& value : reply.values) values += (values.empty() ? "" : "|") + std::string(value.bytes.view());
  if (!asked.save.empty()) contexts_[asked.save] = reply.context;
  const VersionVector seen = reply.context.empty() ? VersionVector() : cluster_->decode(asked.key, reply.context).seen;
  return (reply.values.empty() ? "nothing" : values) + " " + counted(reply.outcome) +
         " context=" + text_of(asked.key, seen);
}

std::string Transcript::reply_text(const Message& message) {
  if (const auto* m = std::get_if<PutReply>(&message))
    return m->outcome.code == Errc::ok ? put_text(asked(m->call), *m) : "error: " + m->outcome.message;
  if (const auto* m = std::get_if<GetReply>(&message))
    return m->outcome.code == Errc::ok ? get_text(asked(m->call), *m) : "error: " + m->outcome.message;
  if (const auto* m = std::get_if<JoinReply>(&message))
    return m->document ? "welcome, " + members_of(*m->document) : "refused: " + m->outcome.message;
  if (const auto* m = std::get_if<BucketReply>(&message))
    return m->document ? "ok " + members_of(*m->document) : "error: " + m->outcome.message;
  return "message " + std::to_string(message.index());
}

}  // namespace shoal
