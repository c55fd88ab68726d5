#include "tests/wire/samples.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using namespace std::chrono_literals;

const Key kKey{"default", std::string("key\0\xff", 5)};
const Slot kSlot{0x0123456789abcdef, 0xfedcba9876543210};
constexpr PartitionId kPartition{4000};

RecordPtr shared(Record record) { return std::make_shared<const Record>(std::move(record)); }

Error sample_error() {
  return Error{.code = Errc::indeterminate, .message = "1 of 2 acknowledged", .acks = 1, .needed = 2};
}

GetRequest sample_get() { return GetRequest{{11}, kKey, -1, 250ms, Level::session, 2, "seen"}; }

PutRequest sample_put() {
  return PutRequest{{12},
                    {0xffffffffffffffff, 7},
                    kKey,
                    true,
                    Blob(std::string("value\0", 6)),
                    "context",
                    3,
                    900ms,
                    Level::all,
                    -1,
                    PutIf::value_is,
                    Blob("expected"),
                    true,
                    32};
}

ListRequest sample_list() {
  return ListRequest{{13}, "default", "prefix/", kPartition, kSlot, 77, 2, 300ms, KeyFilter::conflicts};
}

GetReply sample_get_reply() {
  return GetReply{{14}, sample_error(), {{Blob("v1"), {5}}, {Blob(""), {6}}}, "context", 1};
}

PutReply sample_put_reply() { return PutReply{{15}, sample_error(), 1, true, 3, "token", 32}; }

ListReply sample_list_reply() { return ListReply{{16}, sample_error(), {"a", "", "b"}, kSlot}; }

Member sample_member(std::uint64_t id) {
  return Member{.id = {id},
                .name = "n" + std::to_string(id),
                .address = "[::1]:7100",
                .zone = "z",
                .weight = 65535,
                .state = MemberState::leaving};
}

Rumour sample_rumour() { return Rumour{{3}, {Incarnation::of(3, 99), 27, Liveness::suspect}, {4}}; }

Record valueless(Record record) { return without_values(std::move(record)); }

StatusReply sample_status_reply() {
  return StatusReply{{4},
                     {3},
                     Incarnation::of(3, 99),
                     sample_document(),
                     {{{3}, Liveness::dead, 1'700'000'000'000}},
                     10,
                     20,
                     "full",
                     false,
                     30,
                     40,
                     50,
                     {{"put_resent", 60}},
                     true,
                     70,
                     {"hints off"}};
}

Inspected sample_inspected() {
  const Held copy{shared(valueless(sample_record())), 3, {1, 2}, {7, 0}};
  return Inspected{{30}, Errc::io, copy, {{4}, {5}}, {nullptr, 0, {}, {}}, {{6}}};
}

}  // namespace

Membership sample_document() {
  Membership document;
  document.cluster = {0xdeadbeefcafef00d};
  for (std::size_t i = 0; i < document.cluster_key.bytes.size(); ++i)
    document.cluster_key.bytes[i] = static_cast<unsigned char>(250 + i);
  document.epoch = {9};
  document.partitions = 512;
  document.replicas = 5;
  document.founder = {3};
  document.voters = {{3}, {4}};
  document.voters_named = true;
  document.forming = false;
  document.members = {sample_member(3), sample_member(4)};
  document.members[1].state = MemberState::removed;
  document.buckets = {Bucket{"carts", Kind::siblings, -1, 5}, Bucket{"sessions", Kind::lww, 0, 1}};
  return document;
}

Record sample_record() {
  const Actor first{Incarnation::of(3, 99), 5};
  const Actor second{Incarnation::of(4, 98), 6};
  Record record;
  record.clock.raise({first, 8});
  record.clock.raise({second, 0xffffffffffffffff});
  record.siblings = {Sibling{{first, 7}, {70}, {1, 2}, false, Blob("old")},
                     Sibling{{second, 6}, {71}, {1, 3}, true, Blob()}};
  record.stamp = 4;
  return record;
}

Entry sample_entry() {
  return Entry{kKey, sample_record(), {Incarnation::of(3, 99), 5}, Kind::lww, 17, {0x1122334455667788, 0x99}};
}

paxos::RegisterPtr sample_register() {
  const std::vector<paxos::Served> served{{{1, 2}, 3, paxos::Verdict::lost}};
  return std::make_shared<const paxos::Register>(
      paxos::Register{4, 5, {6, 7}, true, Blob("chosen"), served, {{8, 9}}, 10});
}

FrameHeader sample_header() {
  return FrameHeader{kProtocolVersion, {0xdeadbeefcafef00d}, {3}, Incarnation::of(3, 99), 123'456};
}

namespace {

std::vector<Message> sample_repair_messages() {
  return {
      ComparePair{{34}, {9}, {{1, 2, 3}}},
      PairCompared{{35}, Errc::refused, {{4, 5}}},
      CompareBranches{{36}, {9}, {{kPartition}, {6, 7}}},
      BranchesCompared{{37}, Errc::refused, {{8}, {9, 10}}},
      CompareElements{{38}, {9}, {{11}}, {{kSlot, 12}}},
      ElementsCompared{{39}, Errc::io, 3, {{kSlot, 13}}},
      PullStates{{40}, {9}, {kSlot}, true},
      StatesPulled{{41}, Errc::io, 2, {{kKey, Kind::lww, shared(sample_record())}}, {kSlot}},
      PushStates{{42}, {9}, {{kKey, Kind::lww, shared(sample_record())}}},
      StatesPushed{{43}, Errc::overloaded},
      RepairRequest{{44}, true, true},
      RepairReply{{45},
                  {3},
                  {{{4}, true, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, {{kPartition, kPartition, 1, -1}}}},
                  {true, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                  250ms},
      DiffRequest{{46}, {4}, 7, 350ms},
      DiffReply{{47}, sample_error(), 5, {{kPartition, 6}}, 7, {{kKey, nullptr, shared(valueless(sample_record()))}}},
  };
}

std::vector<Message> sample_study_messages() {
  const FaultRule rule{FaultKind::disk_error, {"n1", "n2"}, FaultWay::in, 5, 6ms, 7ms, -8ms, -9, 10ms};
  return {
      FaultsRequest{{48}, "token", FaultsOp::clear, {rule}, {11, 12}},
      FaultsReply{{49}, {3}, sample_error(), {{13, rule, 14ms, 15, "disk_error"}}},
      ObserveRequest{{50}, "token", {kKey}},
      ObserveReply{{51}, {3}, sample_error(), {{Errc::io, sample_record().clock, 16, {17, 18}}}, 19, 20, {21, 22, 23}},
  };
}

std::vector<Message> sample_paxos_messages() {
  const paxos::Ballot low{5, Incarnation::of(3, 99)};
  const paxos::Ballot high{6, Incarnation::of(4, 98)};
  return {
      Prepare{{52}, {9}, kKey, low, 250ms},
      Promise{{53}, {9}, Errc::ok, high, low, sample_register()},
      Accept{{54}, {9}, kKey, low, sample_register(), 250ms},
      Accepted{{55}, {9}, Errc::refused, high},
      Poll{{56}, {9}, kKey, true, 250ms},
      Polled{{57}, {9}, Errc::ok, low, sample_register()},
      Learn{{9}, kKey, high},
      PrepareDocument{{58}, {9}, low},
      PromiseDocument{{59}, {9}, Errc::ok, high, low, sample_document()},
      AcceptDocument{{60}, {9}, low, sample_document()},
      AcceptedDocument{{61}, {9}, Errc::refused, high},
      VotersRequest{{62}, {"n1", "n2"}, true},
      VotersReply{{63}, sample_error(), sample_document()},
  };
}

}  // namespace

std::vector<Message> sample_messages() {
  std::vector<Message> messages{
      Hello{{1}},
      Welcome{{2}, {3}, sample_document()},
      sample_get(),
      sample_put(),
      sample_list(),
      StatusRequest{{3}},
      sample_get_reply(),
      sample_put_reply(),
      sample_list_reply(),
      sample_status_reply(),
      Replicate{{5}, {9}, kKey, shared(sample_record()), Kind::lww, Purpose::handoff, {4}, Millis(70)},
      Replicated{{6}, {9}, Errc::no_space, true, {3, 400}},
      Fetch{{7}, {9}, kKey, true, true, Millis(71)},
      Fetched{{8}, {9}, Errc::corrupt, shared(sample_record()), {5, 6}, {1, 2}},
      FetchKeys{{9}, {9}, "default", "prefix/", kPartition, kSlot, 55, Millis(72)},
      KeysFetched{{10}, {9}, Errc::io, {{kSlot, "name", shared(valueless(sample_record()))}}, kSlot},
      Forward{{11}, sample_put(), Millis(73)},
      Forwarded{{12}, sample_list_reply()},
      Join{{13}, sample_member(4), true},
      JoinReply{{14}, sample_error(), sample_document()},
      DocumentDigest{{9}, {1, 2}},
      DocumentPush{sample_document()},
      CloseFormation{{9}},
      Refused{Refused::Reason::removed, "removed"},
      Ping{21, {sample_rumour()}},
      Pong{22, {sample_rumour()}},
      PingRequest{23, {5}, {sample_rumour()}},
      Nack{24},
      Gossip{{sample_rumour()}},
      StateDigest{{25, 26}},
      StateExchange{true, {sample_rumour(), sample_rumour()}},
      HintsRequest{{23}, true},
      HintsReply{{24}, {3}, 100, 200, {{{4}, 5, 6, 7, -1}}},
      BucketRequest{{25}, {"carts", Kind::lww, 1, -1}, true},
      BucketReply{{26}, sample_error(), sample_document()},
      ExplainRequest{{27}, kKey, 350ms},
      ExplainReply{
          {28}, sample_error(), Kind::lww, kPartition, {{{3}, Liveness::suspect, true, true, sample_inspected()}}},
      Inspect{{29}, kKey},
      sample_inspected(),
      EventsRequest{{30}, 12},
      EventsReply{{31}, {3}, Incarnation::of(3, 99), {{13, -5, EventKind::hints_full, {4}, "full"}}},
      SnapshotRequest{{32}, SnapshotVerb::create, "nightly"},
      SnapshotReply{
          {33}, {3}, sample_error(), "d1/snapshots", {{"nightly", SnapshotState::being_made, 5, 6, 7, 8, "no room"}}},
  };
  for (Message& message : sample_repair_messages()) messages.push_back(std::move(message));
  for (Message& message : sample_study_messages()) messages.push_back(std::move(message));
  for (Message& message : sample_paxos_messages()) messages.push_back(std::move(message));
  return messages;
}

std::string frame_of(const std::vector<Message>& messages) {
  const std::vector<std::string> frames = encode_frame(sample_header(), messages, 1);
  EXPECT_EQ(frames.size(), 1U);
  return frames.front();
}

}  // namespace shoal
