#include "tests/house/arrows.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace shoal::house {
namespace {

struct Room {
  std::string_view path;
  bool pure;
  std::string_view may_include;  // besides itself; rooms, separated by one space
};

// A room inside another stands before it: the first match counts.
constexpr std::array kRooms = {
    Room{"node/base", true, ""},
    Room{"vclock", true, "node/base"},
    Room{"merkle", true, "node/base"},
    Room{"gossip", true, "node/base"},
    Room{"node/ring", true, "node/base"},
    Room{"node/paxos", true, "node/base"},
    Room{"node/core", true, "node/base vclock merkle gossip node/ring node/paxos"},
    Room{"node/wire", false, "node/base vclock merkle gossip node/ring node/paxos node/core"},
    Room{"node/io", false, "node/base vclock merkle gossip node/ring node/paxos node/core node/wire"},
    Room{"node/main.cc", false, "node/base vclock merkle gossip node/ring node/paxos node/core node/wire node/io"},
    Room{"client/cli", false,
         "node/base vclock node/wire node/ring gossip client bench/study bench/study/report bench/load"},
    Room{"client", false, "node/base vclock node/wire node/ring gossip"},
    Room{"bench/anti_entropy", false, "node/base vclock node/ring node/core node/wire node/io"},
    Room{"bench/gossip", false, "node/base gossip"},
    Room{"bench/soak", false, "node/base"},
    Room{"bench/sim", false, "node/base vclock merkle gossip node/ring node/paxos node/core bench/soak"},
    Room{"bench/study/report", false, "node/base bench/study"},
    Room{"bench/study", false,
         "node/base vclock merkle gossip node/ring node/paxos node/core node/wire bench/sim bench/soak bench/load "
         "client"},
    Room{"bench/load", false, "node/base vclock merkle gossip node/ring node/paxos node/core node/wire client"},
    Room{"bench/store", false, "node/base vclock node/ring node/core node/wire node/io bench/load"},
};

constexpr std::array<std::string_view, 7> kOurTops = {"node", "gossip", "merkle", "vclock", "client", "bench", "tests"};

// The beginning of a header's name, then why.
struct Ban {
  std::string_view what;
  std::string_view why;
};

constexpr std::array kBannedHeaders = {
    Ban{"zmq", "the network is behind the transport"},
    Ban{"lmdb", "storage is behind the Store interface"},
    Ban{"msgpack", "bytes are the business of node/wire"},
    Ban{"spdlog/", "a pure room tells its Trace, it does not log"},
    Ban{"sys/", "a pure room does not call the machine"},
};

constexpr std::string_view kThread = "a pure room runs on one thread and waits for nobody";
constexpr std::string_view kChance = "chance comes from the Rng that was given";
constexpr std::string_view kClock = "time comes with the call";
constexpr std::string_view kMachine = "a pure room does not call the machine";
constexpr std::string_view kOrder = "an order of iteration that nobody fixed may decide what is sent";

constexpr std::array kBannedStandardHeaders = {
    Ban{"thread", kThread},       Ban{"mutex", kThread},
    Ban{"shared_mutex", kThread}, Ban{"condition_variable", kThread},
    Ban{"future", kThread},       Ban{"atomic", kThread},
    Ban{"semaphore", kThread},    Ban{"latch", kThread},
    Ban{"barrier", kThread},      Ban{"stop_token", kThread},
    Ban{"pthread.h", kThread},    Ban{"random", kChance},
    Ban{"ctime", kClock},         Ban{"time.h", kClock},
    Ban{"iostream", kMachine},    Ban{"fstream", kMachine},
    Ban{"filesystem", kMachine},  Ban{"unistd.h", kMachine},
    Ban{"unordered_map", kOrder}, Ban{"unordered_set", kOrder},
};

constexpr std::array kBannedWords = {
    Ban{"steady_clock::now", kClock}, Ban{"system_clock::now", kClock}, Ban{"high_resolution_clock::now", kClock},
    Ban{"clock_gettime", kClock},     Ban{"gettimeofday", kClock},      Ban{"time(nullptr)", kClock},
    Ban{"time(NULL)", kClock},        Ban{"time(0)", kClock},           Ban{"rand(", kChance},
    Ban{"srand(", kChance},           Ban{"random_device", kChance},    Ban{"randombytes", kChance},
    Ban{"getenv", kMachine},
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool inside(std::string_view path, std::string_view room) {
  return path == room || (path.starts_with(room) && path[room.size()] == '/');
}

const Room* find_room(std::string_view path) {
  const auto found = std::ranges::find_if(kRooms, [&](const Room& room) { return inside(path, room.path); });
  return found == kRooms.end() ? nullptr : &*found;
}

bool lists(std::string_view words, std::string_view wanted) {
  return (" " + std::string(words) + " ").find(" " + std::string(wanted) + " ") != std::string::npos;
}

bool is_ours(std::string_view target) {
  return std::ranges::any_of(kOurTops, [&](std::string_view top) { return inside(target, top); });
}

// The public header has a name that outside projects can use too.
std::string from_root(const std::string& target) { return target.starts_with("shoal/") ? "client/" + target : target; }

// Why `room` may not include `target`; empty if it may.
std::string wrong_arrow(const Room& room, std::string_view target) {
  const Room* other = find_room(target);
  if (other == nullptr) return "includes " + std::string(target) + ", which is in no room that others may use";
  if (other == &room || lists(room.may_include, other->path)) return "";
  return std::string(room.path) + " must not know " + std::string(other->path) + " (" + std::string(target) + ")";
}

std::string foreign_header(const Room& room, std::string_view target) {
  if (target.starts_with("msgpack") && room.path != "node/wire") return "only node/wire knows MessagePack";
  if (!room.pure) return "";
  for (const Ban& ban : kBannedHeaders)
    if (target.starts_with(ban.what)) return "<" + std::string(target) + "> in a pure room: " + std::string(ban.why);
  for (const Ban& ban : kBannedStandardHeaders)
    if (target == ban.what) return "<" + std::string(target) + "> in a pure room: " + std::string(ban.why);
  return "";
}

std::string wrong_include(const Room& room, const Include& include) {
  const std::string target = from_root(include.target);
  if (is_ours(target)) return wrong_arrow(room, target);
  if (include.quoted) return "\"" + target + "\": ours are named from the root, others stand in <>";
  return foreign_header(room, target);
}

bool says(std::string_view line, std::string_view word) {
  for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1))
    if (at == 0 || !is_word(line[at - 1])) return true;
  return false;
}

void add_banned_words(const File& file, std::vector<std::string>& complaints) {
  const std::string code = code_only(file.text);
  const auto lines = lines_of(code);
  for (std::size_t i = 0; i < lines.size(); ++i)
    for (const Ban& ban : kBannedWords)
      if (says(lines[i], ban.what))
        complaints.push_back(
            complaint(file.path, i + 1, "'" + std::string(ban.what) + "' in a pure room: " + std::string(ban.why)));
}

}  // namespace

std::string_view room_of(std::string_view path) {
  const Room* room = find_room(path);
  return room == nullptr ? std::string_view() : room->path;
}

std::vector<std::string> arrow_complaints(const File& file) {
  const Room* room = find_room(file.path);
  if (room == nullptr) return {complaint(file.path, 1, "is in no room of the house")};
  std::vector<std::string> complaints;
  for (const Include& include : includes_of(file.text)) {
    const std::string why = wrong_include(*room, include);
    if (!why.empty()) complaints.push_back(complaint(file.path, include.line, why));
  }
  if (room->pure) add_banned_words(file, complaints);
  return complaints;
}

}  // namespace shoal::house
