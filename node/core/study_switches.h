// Study switches: what a laboratory may turn off to see what it was good for. Never a setting of a node that serves
// people: the simulator sets them, and a node only when it was started with --allow-faults.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace shoal {

struct StudySwitches {
  bool sloppy = true;        // fallbacks may answer in the place of owners that are down
  bool hints = true;         // somebody keeps what an owner has missed; without them nobody stands in either
  bool read_repair = true;   // a read mends the owners that it found behind
  bool anti_entropy = true;  // pairs of nodes look for differences by themselves
  bool hedging = true;       // a slow read is asked of one more replica
  bool ask_all = false;      // a read asks all owners for the record at once, and answers with the first r
  bool own_legs = false;  // what a node tells itself crosses the network as well, as in the WARS model; simulator only

  [[nodiscard]] bool stand_ins() const { return sloppy && hints; }
  friend bool operator==(const StudySwitches&, const StudySwitches&) = default;
};

// Those that a real node has, too, as its settings call them.
struct StudySwitch {
  const char* name;
  bool StudySwitches::*field;
  const char* help;
};
inline constexpr std::array kStudySwitches = {
    StudySwitch{"sloppy", &StudySwitches::sloppy, "For a laboratory: others may stand in for owners that are down"},
    StudySwitch{"hints", &StudySwitches::hints, "For a laboratory: somebody keeps what an owner has missed"},
    StudySwitch{"read_repair", &StudySwitches::read_repair, "For a laboratory: a read mends owners that are behind"},
    StudySwitch{"anti_entropy", &StudySwitches::anti_entropy, "For a laboratory: nodes compare what both hold"},
    StudySwitch{"hedging", &StudySwitches::hedging, "For a laboratory: a slow read is asked of one more replica"},
    StudySwitch{"ask_all", &StudySwitches::ask_all, "For a laboratory: a read asks all owners for the record at once"},
};

// What is not as in a node that serves people: "hints off", "ask_all on".
std::vector<std::string> deviations(const StudySwitches& switches);

}  // namespace shoal
