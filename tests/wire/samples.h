// One message of every kind, with every field filled: none has the value that a fresh one has.
#pragma once

#include <vector>

#include "node/core/message.h"
#include "node/core/store.h"
#include "node/wire/frame.h"

namespace shoal {

Membership sample_document();
Record sample_record();
Entry sample_entry();
paxos::RegisterPtr sample_register();
FrameHeader sample_header();

// In the order of Message's alternatives, all of them.
std::vector<Message> sample_messages();

// A frame of these messages, which must be small enough for one.
std::string frame_of(const std::vector<Message>& messages);

}  // namespace shoal
