// Transcripts: stories of a few nodes, told in commands, with every message that they caused written below.
//
//   # One sentence that says what the story is about.
//   put via=a key=k value=v1
//   ----
//   a->b Replicate k {a:1}=v1
//   ...
//
// Commands (names of nodes are single letters; the first one founds the cluster):
//   cluster a b c [forming] [strong]      start them; strong: all keys are of a strong bucket
//   put via= key= value= [w=] [with=] [request=] [save=] [timeout=] [if=] [retry=yes]    `with` a saved context, `save`
//                                         the token; if=absent, or the value that must be there
//   del via= key= [with=] ...             get via= key= [r=] [save=] [level=]
//   slow-disk a b    fast-disk a          cut a b    isolate a    lose a b Accept    heal
//   kill a    start a    dead a    alive a        forget a k    spoil a k    full a    backup a    restore a
//   join d via=b [name=]    bucket NAME via=b    wait 300ms
//
// A record reads {clock}=value|value. A node that starts an actor anew for a key, because it forgot the record or was
// restarted, is written a', then a''. Announcements of document digests are left out.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/core/cluster.h"

namespace shoal {

struct Command {
  std::string verb;
  std::vector<std::string> words;
  std::map<std::string, std::string> options;

  [[nodiscard]] std::string option(const std::string& name, const std::string& otherwise = "") const;
  [[nodiscard]] Name node(std::size_t index) const { return words.at(index).at(0); }
};

class Transcript {
 public:
  // The same text with the output as it is now.
  std::string run(const std::string& text);

 private:
  struct Asked {
    std::string key;
    std::string save;
  };

  void execute(const Command& command);
  bool execute_request(const Command& command);
  bool execute_fault(const Command& command);
  void start_cluster(const Command& command);
  void put(const Command& command, bool tombstone);
  void get(const Command& command);

  void on_flight(const Cluster::Flight& flight, bool lost);
  void say(const std::string& line) { output_ += line + "\n"; }

  // How things read.
  std::string text_of(const Message& message);
  std::string text_of_paxos(const Message& message);
  static std::string text_of(const paxos::Ballot& ballot);
  static std::string text_of(const paxos::Register& value);
  std::string text_of(const std::string& key, const Record& record);
  std::string text_of(const std::string& key, const VersionVector& clock);
  std::string reply_text(const Message& message);
  std::string put_text(const Asked& asked, const PutReply& reply);
  std::string get_text(const Asked& asked, const GetReply& reply);
  std::string actor_text(const std::string& key, const Actor& actor);
  const Asked& asked(CallId call) const;

  std::unique_ptr<Cluster> cluster_;
  std::string output_;
  std::map<CallId, std::string> keys_;  // of calls between nodes
  std::map<CallId, Asked> questions_;   // of clients
  std::map<Name, MemoryStore::Backup> backups_;
  Asked current_;  // the question that is being asked
  std::map<std::string, std::string> contexts_;
  std::map<std::pair<std::string, Name>, std::vector<Actor>> actors_;
};

}  // namespace shoal
