// Arrows: which room may include from which, and what the pure rooms must not touch at all.
//
// The arrows are what keeps the brain apart from the machine: node/core and everything below it is a pure function of
// the messages, the clock readings and the seed that it is given, so the simulator can replay a run exactly. One
// include in the wrong direction, one clock or one draw of chance from elsewhere, and a failing seed no longer replays.
//
// Invariants:
//  (1) A room includes from itself and from the rooms in its row of the table, nothing else of ours.
//  (2) A pure room includes no I/O, thread, clock or chance, reads neither clock nor environment, and has no unordered
//      container whose order of iteration could decide what is sent.
//  (3) Only node/wire knows MessagePack.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/house/source.h"

namespace shoal::house {

// Empty for a path in no room.
std::string_view room_of(std::string_view path);

std::vector<std::string> arrow_complaints(const File& file);

}  // namespace shoal::house
