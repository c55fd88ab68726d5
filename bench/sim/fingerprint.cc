#include "bench/sim/fingerprint.h"

#include <fmt/format.h>

#include <array>

namespace shoal::sim {
namespace {

constexpr std::array kMessageNames = {"Hello",
                                      "Welcome",
                                      "GetRequest",
                                      "PutRequest",
                                      "ListRequest",
                                      "StatusRequest",
                                      "GetReply",
                                      "PutReply",
                                      "ListReply",
                                      "StatusReply",
                                      "Replicate",
                                      "Replicated",
                                      "Fetch",
                                      "Fetched",
                                      "FetchKeys",
                                      "KeysFetched",
                                      "Forward",
                                      "Forwarded",
                                      "Join",
                                      "JoinReply",
                                      "DocumentDigest",
                                      "DocumentPush",
                                      "CloseFormation",
                                      "Refused",
                                      "Ping",
                                      "Pong",
                                      "PingRequest",
                                      "Nack",
                                      "Gossip",
                                      "StateDigest",
                                      "StateExchange",
                                      "HintsRequest",
                                      "HintsReply",
                                      "BucketRequest",
                                      "BucketReply",
                                      "ExplainRequest",
                                      "ExplainReply",
                                      "Inspect",
                                      "Inspected",
                                      "EventsRequest",
                                      "EventsReply",
                                      "SnapshotRequest",
                                      "SnapshotReply",
                                      "ComparePair",
                                      "PairCompared",
                                      "CompareBranches",
                                      "BranchesCompared",
                                      "CompareElements",
                                      "ElementsCompared",
                                      "PullStates",
                                      "StatesPulled",
                                      "PushStates",
                                      "StatesPushed",
                                      "RepairRequest",
                                      "RepairReply",
                                      "DiffRequest",
                                      "DiffReply",
                                      "FaultsRequest",
                                      "FaultsReply",
                                      "ObserveRequest",
                                      "ObserveReply",
                                      "Prepare",
                                      "Promise",
                                      "Accept",
                                      "Accepted",
                                      "Poll",
                                      "Polled",
                                      "Learn",
                                      "PrepareDocument",
                                      "PromiseDocument",
                                      "AcceptDocument",
                                      "AcceptedDocument",
                                      "VotersRequest",
                                      "VotersReply"};
static_assert(kMessageNames.size() == std::variant_size_v<Message>);

constexpr std::string_view kEventNames[] = {"message to node", "message to client", "node wakes",    "client wakes",
                                            "fault begins",    "fault ends",        "node restarts", "node resumes"};

std::uint64_t call_of(const Message& message) {
  return std::visit(
      [](const auto& m) -> std::uint64_t {
        if constexpr (requires { m.call; }) return m.call.value;
        return 0;
      },
      message);
}

std::uint64_t sender_of(const Envelope& envelope) {
  return std::visit([](const auto& peer) { return peer.value; }, envelope.peer);
}

}  // namespace

void Fingerprint::mix(std::string_view bytes) {
  mix(bytes.size());
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    word = (word << 8) | static_cast<unsigned char>(bytes[i]);
    if (i % 8 == 7) mix(word);
  }
  mix(word);
}

void Fingerprint::mix(const Event& event) {
  mix(static_cast<std::uint64_t>(event.at.time_since_epoch().count()));
  mix((event.sequence << 8) | static_cast<std::uint64_t>(event.kind));
  mix((std::uint64_t{event.target} << 32) | event.life);
  if (event.envelope == nullptr) return;
  mix(sender_of(*event.envelope));
  mix(event.envelope->message.index());
  mix(call_of(event.envelope->message));
}

std::string_view name_of(const Message& message) { return kMessageNames[message.index()]; }

std::string describe(const Event& event) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  std::string text =
      fmt::format("{:>12} us  #{:<8} {} {}", duration_cast<microseconds>(event.at.time_since_epoch()).count(),
                  event.sequence, kEventNames[static_cast<std::size_t>(event.kind)], event.target);
  if (event.envelope != nullptr)
    text += fmt::format("  {} call={:x} from {:x}", name_of(event.envelope->message), call_of(event.envelope->message),
                        sender_of(*event.envelope));
  return text;
}

}  // namespace shoal::sim
