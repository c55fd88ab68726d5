#include "node/io/peer_sockets.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "node/io/clock.h"
#include "node/io/resolve.h"

namespace shoal {
namespace {

constexpr int kHighWaterMark = 64;  // frames; a frame carries a whole turn's messages

std::string sentence_for(Refused::Reason reason, const FrameHeader& ours, const FrameHeader& theirs) {
  switch (reason) {
    case Refused::Reason::protocol:
      return "this node speaks protocol version " + std::to_string(ours.protocol) + " and not " +
             std::to_string(theirs.protocol) + "; run releases that are next to each other";
    case Refused::Reason::cluster:
      return "this node belongs to cluster " + to_string(ours.cluster) + " and not to " + to_string(theirs.cluster) +
             "; check the addresses";
    case Refused::Reason::stale_incarnation:
      return "node " + to_string(theirs.sender) + " was seen in a later life than start " +
             std::to_string(theirs.incarnation.start()) +
             ": this data folder is an old copy or a restored backup; start it with --reset-identity";
    case Refused::Reason::clone:
      return "node " + to_string(theirs.sender) +
             " runs twice: its data folder was copied; stop both, keep one, start the other with --reset-identity";
    case Refused::Reason::removed:
      return "node " + to_string(theirs.sender) +
             " was removed from the cluster; start it with --reset-identity to join as a new one";
  }
  return "refused";
}

std::size_t bytes_of(const std::vector<std::string>& frames) {
  std::size_t bytes = 0;
  for (const std::string& frame : frames) bytes += frame.size();
  return bytes;
}

void flip_a_bit(std::vector<std::string>& frames, std::uint64_t draw) {
  std::uint64_t bit = draw % (8 * bytes_of(frames));
  for (std::string& frame : frames) {
    if (bit < 8 * frame.size()) {
      frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << bit % 8));
      return;
    }
    bit -= 8 * frame.size();
  }
}

}  // namespace

PeerSockets::PeerSockets(zmq::context_t& context, const FrameHeader& header, std::uint16_t port_offset,
                         std::size_t backlog_bytes_max, Counters& counters, Faults& faults)
    : context_(context),
      header_(header),
      port_offset_(port_offset),
      backlog_bytes_max_(backlog_bytes_max),
      counters_(counters),
      faults_(faults),
      router_(context, zmq::socket_type::router) {
  prepare_listener(router_, 4 * kHighWaterMark);
  router_.set(zmq::sockopt::linger, 200);  // a clone must hear of it before this one, too, is gone
  incarnations_.observe(header.sender, header.incarnation);
}

Status PeerSockets::listen(const Endpoint& endpoint) {
  return bind(router_, {endpoint.host, static_cast<std::uint16_t>(endpoint.port + port_offset_)});
}

zmq::socket_t PeerSockets::connect(const Endpoint& endpoint) {
  zmq::socket_t dealer(context_, zmq::socket_type::dealer);
  prepare_connector(dealer, kHighWaterMark);
  dealer.set(zmq::sockopt::immediate, true);  // queue for connections, not for addresses: nothing piles up for the dead
  const ZmqEndpoint where = connect_endpoint({endpoint.host, static_cast<std::uint16_t>(endpoint.port + port_offset_)});
  dealer.set(zmq::sockopt::ipv6, where.ipv6);
  dealer.connect(where.uri);
  return dealer;
}

void PeerSockets::follow(const Membership& document) {
  removed_.clear();
  for (const shoal::Member& member : document.members) {
    if (member.state == MemberState::removed) {
      removed_.insert(member.id);
      members_.erase(member.id);
      ages_.erase(member.id);
      continue;
    }
    const auto known = members_.find(member.id);
    if (member.id == header_.sender || (known != members_.end() && known->second.address == member.address)) continue;
    const Result<Endpoint> endpoint = parse_endpoint(member.address);
    if (!endpoint) {
      spdlog::error("member {} has an address that cannot be used: {}", member.name, endpoint.error().message);
      continue;
    }
    try {
      members_[member.id] = Member{member.address, connect(*endpoint), {}, 0, false};
    } catch (const zmq::error_t& error) {
      spdlog::error("cannot connect to member {} at {}: {}", member.name, member.address, error.what());
    }
  }
}

void PeerSockets::set_liveness(NodeId node, Liveness liveness) {
  const auto it = members_.find(node);
  if (it == members_.end()) return;
  Member& member = it->second;
  member.dead = liveness == Liveness::dead;
  if (member.dead) drop_backlog(member);
}

void PeerSockets::drop_backlog(Member& member) {
  counters_.dropped_frames += member.backlog.size();
  member.backlog.clear();
  member.backlog_bytes = 0;
}

bool PeerSockets::try_send(Member& member, const std::string& frame) { return send_frame(member.dealer, {}, frame); }

void PeerSockets::send(NodeId to, std::span<const Message> messages) {
  const auto it = members_.find(to);
  if (it == members_.end()) return;
  const Faults::Fate fate = fate_of(to, FaultWay::out);
  if (fate.lost) return;
  FrameHeader header = header_;
  header.sent_us = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(read_clock().mono.time_since_epoch()).count());
  std::vector<std::string> frames = encode_frame(header, messages, ++transfers_);
  if (fate.corrupt) flip_a_bit(frames, fate.draw);
  if (fate.twice) post(to, frames, {});
  post(to, std::move(frames), fate.later);
}

Faults::Fate PeerSockets::fate_of(NodeId peer, FaultWay way) {
  return faults_.strike_links() ? faults_.fate(peer, way, read_clock().mono) : Faults::Fate{};
}

bool PeerSockets::cuts(NodeId peer, FaultWay way) const {
  return faults_.strike_links() && faults_.cuts(peer, way, read_clock().mono);
}

void PeerSockets::post(NodeId to, std::vector<std::string> frames, Duration later) {
  if (later > Duration{}) {
    const std::size_t bytes = bytes_of(frames);
    if (!held_out_.add(read_clock().mono + later, {to, std::move(frames)}, bytes)) ++counters_.dropped_frames;
  } else if (const auto it = members_.find(to); it != members_.end()) {
    put_in_line(it->second, std::move(frames));
  }
}

void PeerSockets::put_in_line(Member& member, std::vector<std::string> frames) {
  for (std::string& frame : frames) {
    if (member.backlog.empty() && try_send(member, frame)) continue;
    if (member.dead || member.backlog_bytes + frame.size() > backlog_bytes_max_) {
      ++counters_.dropped_frames;
      continue;
    }
    member.backlog_bytes += frame.size();
    member.backlog.push_back(std::move(frame));
  }
}

void PeerSockets::flush_backlogs() {
  for (auto& [id, member] : members_) {
    if (!member.backlog.empty() && cuts(id, FaultWay::out)) drop_backlog(member);
    while (!member.backlog.empty() && try_send(member, member.backlog.front())) {
      member.backlog_bytes -= member.backlog.front().size();
      member.backlog.pop_front();
    }
  }
}

bool PeerSockets::receive(const Handler& handler, int frames_max) {
  read_refusals();
  release_held(handler);
  for (int i = 0; i < frames_max; ++i) {
    const std::optional<Incoming> incoming = receive_frame(router_, true);
    if (!incoming) return false;
    Result<std::optional<Frame>> frame = assembler_.read(incoming->route, incoming->body.to_string_view());
    if (!frame) {
      if (counters_.malformed_frames++ % 1000 == 0) spdlog::warn("a peer sent a {}", frame.error().message);
    } else if (*frame) {
      take({incoming->route, **std::move(frame)}, incoming->body.size(), handler);
    }
  }
  return true;
}

void PeerSockets::take(Arrived arrived, std::size_t bytes, const Handler& handler) {
  const Faults::Fate fate = fate_of(arrived.frame.header.sender, FaultWay::in);
  if (fate.lost) return;
  if (fate.twice) accept(arrived.route, arrived.frame, handler);
  if (fate.later == Duration{}) return accept(arrived.route, arrived.frame, handler);
  if (!held_in_.add(read_clock().mono + fate.later, std::move(arrived), bytes)) ++counters_.dropped_frames;
}

void PeerSockets::release_held(const Handler& handler) {
  if (held_out_.empty() && held_in_.empty()) return;
  const Instant now = read_clock().mono;
  while (std::optional<Leaving> leaving = held_out_.take_due(now)) post(leaving->to, std::move(leaving->frames), {});
  while (const std::optional<Arrived> arrived = held_in_.take_due(now)) accept(arrived->route, arrived->frame, handler);
}

void PeerSockets::accept(const std::string& route, const Frame& frame, const Handler& handler) {
  const FrameHeader& theirs = frame.header;
  const auto refuse_for = [&](Refused::Reason reason) {
    if (!cuts(theirs.sender, FaultWay::out)) refuse(route, reason, sentence_for(reason, header_, theirs));
  };
  if (theirs.protocol != header_.protocol) return refuse_for(Refused::Reason::protocol);
  if (theirs.cluster != header_.cluster || theirs.sender == NodeId{}) return refuse_for(Refused::Reason::cluster);
  if (removed_.contains(theirs.sender)) return refuse_for(Refused::Reason::removed);
  switch (incarnations_.observe(theirs.sender, theirs.incarnation)) {
    case Incarnations::Verdict::stale: return refuse_for(Refused::Reason::stale_incarnation);
    case Incarnations::Verdict::newer:
      if (theirs.sender != header_.sender) break;
      [[fallthrough]];  // this process holds its folder's lock: a later life of it runs on a copy
    case Incarnations::Verdict::clone:
      if (theirs.sender == header_.sender) stop_reason_ = sentence_for(Refused::Reason::clone, header_, theirs);
      return refuse_for(Refused::Reason::clone);
    case Incarnations::Verdict::current: break;
  }
  const Duration age = age_of(theirs);
  for (const Message& message : frame.messages) handler(theirs.sender, message, age);
}

// Nothing is remembered of senders that are no members: they could be invented without end.
Duration PeerSockets::age_of(const FrameHeader& theirs) {
  constexpr std::uint64_t kFarFuture = std::uint64_t{1} << 52;  // microseconds; beyond it nanoseconds overflow
  if (theirs.sent_us == 0 || theirs.sent_us >= kFarFuture || !members_.contains(theirs.sender)) return {};
  Ages& known = ages_[theirs.sender];
  if (known.incarnation != theirs.incarnation) known = Ages{theirs.incarnation, {}};
  return known.age.observe(Instant(std::chrono::microseconds(theirs.sent_us)), read_clock().mono);
}

void PeerSockets::refuse(const std::string& route, Refused::Reason reason, const std::string& sentence) {
  if (counters_.refused_frames++ % 1000 == 0) spdlog::warn("refused a peer's frame: {}", sentence);
  const Message message = Refused{reason, sentence};
  for (const std::string& frame : encode_frame(header_, {&message, 1}, ++transfers_)) send_frame(router_, route, frame);
}

void PeerSockets::read_refusals() {
  for (auto& [id, member] : members_) {
    while (const std::optional<Incoming> incoming = receive_frame(member.dealer, false)) {
      if (cuts(id, FaultWay::in)) continue;
      FrameReader reader(kFrameBytesMax);
      const Result<std::optional<Frame>> frame = reader.read(incoming->body.to_string_view());
      if (!frame || !*frame || (*frame)->messages.empty()) continue;
      const auto* refused = std::get_if<Refused>(&(*frame)->messages.front());
      if (refused == nullptr) continue;
      if ((*frame)->header.cluster == header_.cluster) {
        on_refused(*refused);
      } else {
        spdlog::warn("member at {} answers: {}", member.address, refused->sentence);
      }
    }
  }
}

void PeerSockets::on_refused(const Refused& refused) {
  const bool fatal = refused.reason == Refused::Reason::stale_incarnation || refused.reason == Refused::Reason::clone ||
                     refused.reason == Refused::Reason::removed;
  if (fatal) {
    stop_reason_ = refused.sentence;
  } else {
    spdlog::warn("a member refused this node's frames: {}", refused.sentence);
  }
}

void PeerSockets::add_poll_items(std::vector<zmq::pollitem_t>& items) {
  items.push_back({router_.handle(), 0, ZMQ_POLLIN, 0});
  for (auto& [id, member] : members_) {
    const bool waits = !member.backlog.empty() && !member.dead;
    items.push_back({member.dealer.handle(), 0, static_cast<short>(waits ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN), 0});
  }
}

}  // namespace shoal
