#include "node/io/server.h"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "node/io/clock.h"
#include "node/io/join.h"
#include "node/io/random.h"
#include "node/io/resolve.h"
#include "node/ring/lookup.h"

namespace shoal {
namespace {

constexpr int kFramesPerTurn = 256;
constexpr Duration kFinishWithin = std::chrono::seconds(2);
constexpr std::size_t kBacklogBytesMax = std::size_t{64} << 20;  // per peer

StoreOptions store_options(const Config& config, const DataFolder& folder, Laboratory& laboratory) {
  StoreOptions options;
  options.dir = folder.store_dir();
  options.owner = folder.identity().node;
  options.create = !folder.joined();
  options.sync = config.durability == "sync";
  options.relaxed_interval = std::chrono::milliseconds(config.relaxed_interval_ms);
  options.bound_overlay(config.overlay_mib << 20);
  options.log_bytes_max = config.log_mib << 20;
  options.segment_bytes = std::min<std::size_t>(options.log_bytes_max / 16, std::size_t{16} << 20);
  options.replaying = [next = Instant{}, begun = read_clock().mono](double share) mutable {
    const Instant now = read_clock().mono;
    if (now < std::max(next, begun + std::chrono::seconds(1))) return;
    next = now + std::chrono::seconds(1);
    spdlog::info("replaying the commit log: {} %", static_cast<int>(100 * share));
  };
  options.map_bytes = config.map_gib << 30;
  if (laboratory.open()) options.before_sync = [&faults = laboratory.faults()] { return faults.before_sync(); };
  return options;
}

// Found out before the folder is touched and a cluster asked: a node that cannot listen leaves no trace.
Status check_ports(const Config& config) {
  const Result<Endpoint> endpoint = parse_endpoint(config.listen);
  if (!endpoint) return endpoint.error();
  for (const int offset : {0, int{kPeerPortOffset}, int{kGossipPortOffset}})
    if (const Status free = check_can_listen({endpoint->host, static_cast<std::uint16_t>(endpoint->port + offset)});
        !free)
      return free;
  return Unit{};
}

// A folder that cannot be used is this machine's affair: "refused" is kept for what the cluster says.
Error of_this_machine(Error error) {
  if (error.code == Errc::refused) error.code = Errc::io;
  return error;
}

// No token where none was given.
Result<std::optional<std::string>> faults_token(const Config& config) {
  if (config.faults_file.empty()) return std::optional<std::string>();
  Result<std::string> token = read_faults_token(config.faults_file);
  return token ? Result<std::optional<std::string>>(*std::move(token)) : token.error();
}

Result<DataFolder> open_folder(const Config& config) {
  if (config.reset_identity && std::filesystem::exists(config.data_dir))
    if (const Status reset = DataFolder::reset(config.data_dir); !reset) return reset.error();
  return DataFolder::open(config.data_dir);
}

// The document this node starts from: its own, a fresh one of a cluster it founds, or the one it is let in with.
Result<Membership> first_document(const Config& config, const DataFolder& folder, const DiskStore& store,
                                  int signal_fd) {
  const NodeId self = folder.identity().node;
  const std::optional<Membership>& stored = store.document();
  if (config.join.empty()) return stored ? *stored : found_cluster(config, self);
  zmq::context_t context(1);
  Result<Membership> joined = join_cluster(context, config, self, folder.identity().cluster, signal_fd);
  if (joined || !stored || joined.error().code != Errc::timeout) return joined;
  spdlog::warn("{}; going on with the membership stored here", joined.error().message);
  return *stored;
}

Status save_first_document(DiskStore& store, const Membership& document) {
  if (store.document() && store.document()->epoch >= document.epoch) return Unit{};
  const CommitId commit = store.save_document(document);
  store.flush();
  for (CommitId durable; durable < commit;) {
    pollfd wait{store.event_fd(), POLLIN, 0};
    ::poll(&wait, 1, 1000);
    if (const std::optional<CommitId> newest = store.collect()) durable = *newest;
    if (!store.fatal().empty()) return fail(Errc::io, store.fatal());
    if (const Status admitted = store.admit(); !admitted && durable < commit) return admitted;
  }
  return Unit{};
}

// What was dropped or refused at the border, beside the brain's own counts.
void add_counts(StatusReply& status, const Counters& counters) {
  status.counters.push_back({"malformed_frames", counters.malformed_frames});
  status.counters.push_back({"refused_frames", counters.refused_frames});
  status.counters.push_back({"dropped_frames", counters.dropped_frames});
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const Config& config, UniqueFd signals) {
  Result<std::optional<std::string>> token = faults_token(config);
  if (!token) return token.error();
  if (const Status ports = check_ports(config); !ports) return ports.error();
  Result<DataFolder> folder = open_folder(config);
  if (!folder) return of_this_machine(folder.error());
  auto laboratory = std::make_unique<Laboratory>(*std::move(token), folder->identity().node, random_u64());
  Result<std::unique_ptr<DiskStore>> store = DiskStore::open(store_options(config, *folder, *laboratory));
  if (!store) return of_this_machine(store.error());
  const std::optional<Membership> remembered = (*store)->document();
  Result<Membership> document = first_document(config, *folder, **store, signals.get());
  if (!document) return document.error();
  const Member* self = document->find(folder->identity().node);
  if (self == nullptr || self->state == MemberState::removed)
    return fail(
        Errc::refused,
        "this node is not a member of its cluster any more; start it with --reset-identity to join as a new one");
  if (const Status saved = save_first_document(**store, *document); !saved) return saved.error();
  if (const Status joined = folder->join(document->cluster, self->name); !joined) return joined.error();

  auto server = std::unique_ptr<Server>(
      new Server(config, std::move(signals), *std::move(folder), std::move(laboratory), *std::move(store), *document));
  if (const Status alone = server->check_not_copied(remembered); !alone) return alone.error();
  if (const Status listening = server->listen(); !listening) return listening.error();
  return server;
}

Server::Server(const Config& config, UniqueFd signals, DataFolder folder, std::unique_ptr<Laboratory> laboratory,
               std::unique_ptr<DiskStore> store, const Membership& document)
    : config_(config),
      signals_(std::move(signals)),
      folder_(std::move(folder)),
      laboratory_(std::move(laboratory)),
      store_(std::move(store)),
      header_{kProtocolVersion, document.cluster, folder_.identity().node, folder_.incarnation()},
      clients_(context_, header_, counters_),
      peers_(context_, header_, kPeerPortOffset, kBacklogBytesMax, counters_, laboratory_->faults()),
      gossip_(context_, header_, random_u64(), counters_, laboratory_->faults()),
      snapshots_(folder_, *store_),
      node_(NodeConfig{.id = folder_.identity().node,
                       .incarnation = folder_.incarnation(),
                       .document = document,
                       .address = config.advertised(),
                       .sync = config.durability == "sync",
                       .hint_bytes_max = config.hints_max_mib << 20,
                       .handoff_bytes_per_second = config.hints_rate_mib_per_s << 20,
                       .repair = {.interval = std::chrono::seconds(config.repair_interval_s),
                                  .bytes_per_second = config.repair_rate_mib_per_s << 20},
                       .scrub_cycle = std::chrono::days(config.repair_scrub_days),
                       .study = config.study},
            *store_, Rng(random_u64())) {}

Status Server::check_not_copied(const std::optional<Membership>& remembered) const {
  const Member* before = remembered ? remembered->find(header_.sender) : nullptr;
  if (before == nullptr || before->address == config_.advertised()) return Unit{};
  return challenge_old_address(header_, before->address, signals_.get());
}

Status Server::listen() {
  const Result<Endpoint> endpoint = parse_endpoint(config_.listen);
  if (!endpoint) return endpoint.error();
  if (!is_loopback(*endpoint))
    spdlog::warn("listening on {} without encryption: whoever reaches these ports can read and write all data",
                 config_.listen);
  if (!config_.faults_file.empty())
    spdlog::warn("faults are allowed, by order of whoever knows the token in {}; this is no node for data that matters",
                 config_.faults_file);
  for (const std::string& deviation : deviations(config_.study)) spdlog::warn("a study has switched {}", deviation);
  if (const Status bound = clients_.listen(*endpoint); !bound) return bound;
  if (const Status bound = peers_.listen(*endpoint); !bound) return bound;
  if (const Status bound = gossip_.listen(*endpoint); !bound) return bound;
  gossip_.start(node_.ring()->document());
  return Unit{};
}

void Server::announce() const {
  const Membership& document = node_.ring()->document();
  const Member* self = document.find(header_.sender);
  std::printf("shoald ready: %s serves clients on %s, node %s of cluster %s, %zu members\n", self->name.c_str(),
              config_.listen.c_str(), to_string(header_.sender).c_str(), to_string(header_.cluster).c_str(),
              document.members.size());
  std::fflush(stdout);
  spdlog::info("ready: {} on {}, incarnation {}, epoch {}", self->name, config_.listen, to_string(header_.incarnation),
               document.epoch.value);
}

Status Server::run() {
  announce();
  std::string reason;
  while (reason.empty() && !ending_) {
    turn();
    reason = stop_reason();
  }
  if (reason.empty()) finish_open_requests();
  return shut_down(reason);
}

// No new ones are read; what a client does not hear of it asks elsewhere.
void Server::finish_open_requests() {
  const Instant give_up = read_clock().mono + kFinishWithin;
  while (node_.open_requests() > 0 && read_clock().mono < give_up) turn();
}

void Server::turn() {
  follow_document();
  if (!more_) wait();
  const Now now = clock();
  more_ = receive();
  note_faults();
  deliver_commits();
  snapshots_.turn();
  log_trouble();
  deliver_liveness();
  if (node_.next_deadline() <= now.mono) node_.tick(now);
  store_->flush();
  send_outbox();
}

void Server::wait() {
  std::vector<zmq::pollitem_t> items{{nullptr, signals_.get(), ZMQ_POLLIN, 0},
                                     {nullptr, store_->event_fd(), ZMQ_POLLIN, 0},
                                     {nullptr, gossip_.event_fd(), ZMQ_POLLIN, 0},
                                     clients_.poll_item()};
  peers_.add_poll_items(items);
  zmq::poll(items, until(std::min({node_.next_deadline(), laboratory_->faults().next_news(), peers_.next_due()})));
  if ((items[0].revents & ZMQ_POLLIN) != 0) {
    take_signal(signals_);
    ending_ = true;
  }
}

bool Server::receive() {
  const auto from_client = [this](ClientHandle from, const Message& message) {
    if (!answers(from, message)) node_.receive({from, message}, clock());
  };
  const auto from_peer = [this](NodeId from, const Message& message, Duration age) {
    node_.receive({from, message, age}, clock());
  };
  const bool more_clients = !ending_ && clients_.receive(from_client, kFramesPerTurn);
  const bool more_peers = peers_.receive(from_peer, kFramesPerTurn);
  return more_clients || more_peers;
}

// What is not the brain's business.
bool Server::answers(ClientHandle client, const Message& message) {
  if (const auto* request = std::get_if<SnapshotRequest>(&message)) {
    answer(client, snapshots_.answer(*request, clock().wall));
    return true;
  }
  if (const auto* request = std::get_if<FaultsRequest>(&message)) {
    answer(client, laboratory_->answer(*request, node_.ring()->document(), clock().mono));
    return true;
  }
  const auto* request = std::get_if<ObserveRequest>(&message);
  if (request == nullptr) return false;
  const Status admitted = laboratory_->admit(request->token);
  if (!admitted) answer(client, laboratory_->refusal(*request, admitted.error()));
  return !admitted;
}

void Server::answer(ClientHandle client, const Message& reply) { clients_.send(client, {&reply, 1}); }

Now Server::clock() {
  Now now = read_clock();
  now.wall.ms += laboratory_->faults().wall_shift(now.mono).count();
  return now;
}

void Server::note_faults() {
  Faults& faults = laboratory_->faults();
  const Instant due = faults.next_news();
  if (due == kNever || due > read_clock().mono) return;
  for (const Faults::News& news : faults.take_news(read_clock().mono)) {
    spdlog::warn("faults: {}", news.text);
    node_.note(news.kind, news.text, clock());
  }
}

void Server::deliver_commits() {
  if (const std::optional<CommitId> commit = store_->collect()) node_.durable(*commit, clock());
}

void Server::log_trouble() {
  const Status admitted = store_->admit();
  const bool bad = !admitted && (admitted.error().code == Errc::no_space || admitted.error().code == Errc::io);
  if (bad && !in_trouble_) spdlog::warn("writes are refused: {}", admitted.error().message);
  if (!bad && in_trouble_) spdlog::info("the disk is well again, writes are taken");
  in_trouble_ = bad;
}

void Server::deliver_liveness() {
  for (const Swim::Change& change : gossip_.take_changes()) {
    spdlog::info("{} is {}", name_in(node_.ring()->document(), change.node), to_string(change.liveness));
    peers_.set_liveness(change.node, change.liveness);
    node_.liveness(change.node, change.liveness, clock());
  }
}

void Server::follow_document() {
  if (followed_ == node_.ring()) return;
  followed_ = node_.ring();
  spdlog::info("membership document {} is in force: {} members{}", followed_->document().epoch.value,
               followed_->document().members.size(), followed_->document().forming ? ", still forming" : "");
  peers_.follow(followed_->document());
  gossip_.follow(followed_->document());
}

void Server::send_outbox() {
  std::map<Address, std::vector<Message>> by_destination;
  for (Envelope& envelope : node_.take_outbox()) {
    if (auto* status = std::get_if<StatusReply>(&envelope.message)) {
      add_counts(*status, counters_);
      laboratory_->add_to(*status, read_clock().mono);
    }
    by_destination[envelope.peer].push_back(std::move(envelope.message));
  }
  for (const auto& [address, messages] : by_destination) {
    if (const auto* client = std::get_if<ClientHandle>(&address)) {
      clients_.send(*client, messages);
    } else {
      peers_.send(std::get<NodeId>(address), messages);
    }
  }
  peers_.flush_backlogs();
}

std::string Server::stop_reason() {
  if (!node_.stop_reason().empty()) return node_.stop_reason();
  if (!peers_.stop_reason().empty()) return peers_.stop_reason();
  if (!store_->fatal().empty()) return store_->fatal();
  return gossip_.stop_reason();
}

Status Server::shut_down(const std::string& reason) {
  spdlog::info("stopping{}{}", reason.empty() ? "" : ": ", reason);
  laboratory_->faults().end_all();
  const Status closed = store_->close();
  if (const std::optional<CommitId> commit = store_->collect()) node_.durable(*commit, read_clock());
  send_outbox();
  if (!reason.empty()) return fail(store_->fatal().empty() ? Errc::refused : Errc::io, reason);
  return closed;
}

}  // namespace shoal
