#include "node/core/topology_rules.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "node/base/limits.h"
#include "node/core/quorum.h"
#include "node/ring/lookup.h"

namespace shoal {
namespace {

constexpr unsigned kGenerationShift = 32;  // of an epoch: a generation is never out of documents

// ---- joining ------------------------------------------------------------------------------------------------------

Status check_newcomer(const Membership& document, const Join& join) {
  const Member& newcomer = join.member;
  if (const Member* same_id = document.find(newcomer.id); same_id != nullptr && same_id->state == MemberState::removed)
    return fail(Errc::refused, "this node's id was removed from the cluster for good; start it with --reset-identity");
  const Member* holder = document.find(newcomer.name);
  if (holder != nullptr && holder->id != newcomer.id && !join.reset_identity)
    return fail(Errc::refused, "a member named \"" + newcomer.name + "\" exists with another id (" +
                                   to_string(holder->id) +
                                   "): an empty disk does not come back under an old name; choose another --name, or "
                                   "join as a new node that takes the name over with --reset-identity");
  if (!document.forming && document.find(newcomer.id) == nullptr)
    return fail(Errc::refused,
                "the cluster holds client data and this version cannot move data to a new member; start all nodes "
                "before the first write");
  return Unit{};
}

void insert_member(Membership& document, const Member& member) {
  const auto place = std::ranges::lower_bound(document.members, member.id, {}, &Member::id);
  if (place != document.members.end() && place->id == member.id) {
    place->address = member.address;
  } else {
    document.members.insert(place, member);
  }
}

Result<Membership> with_member(const Membership& document, const Join& join) {
  if (const Status verdict = check_newcomer(document, join); !verdict) return verdict.error();
  Membership next = document;
  for (Member& member : next.members) {
    if (member.name != join.member.name || member.id == join.member.id || member.state == MemberState::removed)
      continue;
    member.state = MemberState::removed;
    next.voters = document.choosers();
    std::erase(next.voters, member.id);
    if (next.voters.empty())
      return fail(Errc::refused, "the member \"" + member.name +
                                     "\" is the only voter, so it cannot be replaced before another one is named with: "
                                     "shoal voters set");
  }
  insert_member(next, join.member);
  return next;
}

// ---- buckets ------------------------------------------------------------------------------------------------------

bool is_name(std::string_view text) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
  return !text.empty() && text.size() <= kBucketBytesMax && std::ranges::all_of(text, allowed);
}

// A bucket once made is there for ever, with the kind that it has: what is wrong now will be.
Status check_bucket_request(const Membership& document, const BucketRequest& request) {
  const Bucket& bucket = request.bucket;
  if (!is_name(bucket.name))
    return fail(Errc::invalid, "a bucket's name has 1 to 64 letters, digits, dots, dashes and underscores");
  if (bucket.kind == Kind::strong && (bucket.r != 0 || bucket.w != 0))
    return fail(Errc::invalid, "a bucket of kind strong has no r and no w: its requests need a majority of the owners");
  for (const std::int32_t asked : {bucket.r, bucket.w})
    if (const Result<int> fits = replies_needed(asked, document.replicas); !fits) return fits.error();
  const Bucket* known = document.bucket(bucket.name);
  if (known != nullptr && known->kind != bucket.kind)
    return fail(Errc::refused, "bucket \"" + bucket.name + "\" is of kind " + std::string(name_of(known->kind)) +
                                   ", and a bucket's kind never changes; create another one");
  return Unit{};
}

Result<Membership> with_bucket(const Membership& document, const BucketRequest& request) {
  if (const Status verdict = check_bucket_request(document, request); !verdict) return verdict.error();
  const Bucket& bucket = request.bucket;
  const Bucket* known = document.bucket(bucket.name);
  if (!request.create)
    if (const Status there = check_bucket(document, bucket.name); !there) return there.error();
  if (known != nullptr && *known == bucket) return document;
  if (known != nullptr && request.create)
    return fail(Errc::refused, "bucket \"" + bucket.name + "\" exists with other numbers; change them with: shoal " +
                                   "bucket set " + bucket.name);
  if (known == nullptr && document.buckets.size() >= kBucketsMax)
    return fail(Errc::refused,
                "the cluster has " + std::to_string(kBucketsMax) + " buckets, the most that it may have");
  Membership next = document;
  const auto place = std::ranges::lower_bound(next.buckets, bucket.name, {}, &Bucket::name);
  if (place != next.buckets.end() && place->name == bucket.name) {
    *place = bucket;
  } else {
    next.buckets.insert(place, bucket);
  }
  return next;
}

// ---- voters -------------------------------------------------------------------------------------------------------

bool is_in(const Membership& document, NodeId node) {
  const Member* member = document.find(node);
  return member != nullptr && member->state != MemberState::removed;
}

Result<Membership> with_voters_named(const Membership& document, const VotersRequest& request) {
  Membership next = document;
  next.voters_named = !request.voters.empty();
  if (!next.voters_named) return next;
  next.voters.clear();
  for (const std::string& wanted : request.voters) {
    const Member* member = find_member(document, wanted);
    if (member == nullptr)
      return fail(Errc::invalid, "there is no member \"" + wanted.substr(0, 80) + "\"; shoal status tells who is one");
    next.voters.push_back(member->id);
  }
  std::ranges::sort(next.voters);
  if (std::ranges::adjacent_find(next.voters) != next.voters.end())
    return fail(Errc::invalid, "a member is named twice among the voters; name each once");
  return next;
}

Result<Membership> with_voters_chosen(const Membership& document, const ChooseVoters& request) {
  const bool still_right = !document.voters_named && !request.voters.empty() &&
                           std::ranges::all_of(request.voters, [&](NodeId node) { return is_in(document, node); });
  Membership next = document;
  if (still_right) next.voters = request.voters;
  return next;
}

}  // namespace

Status check_request(const Membership& document, const TopologyRequest& request) {
  if (const auto* bucket = std::get_if<BucketRequest>(&request)) return check_bucket_request(document, *bucket);
  const auto* voters = std::get_if<VotersRequest>(&request);
  if (voters != nullptr && voters->voters.size() > kVotersMax)
    return fail(Errc::invalid, "a cluster has at most " + std::to_string(kVotersMax) + " voters; name fewer");
  return Unit{};
}

Result<Membership> changed(const Membership& document, const TopologyRequest& request) {
  if (const auto* join = std::get_if<Join>(&request)) return with_member(document, *join);
  if (const auto* bucket = std::get_if<BucketRequest>(&request)) return with_bucket(document, *bucket);
  if (const auto* voters = std::get_if<VotersRequest>(&request)) return with_voters_named(document, *voters);
  if (const auto* voters = std::get_if<ChooseVoters>(&request)) return with_voters_chosen(document, *voters);
  Membership closed = document;
  closed.forming = false;
  return closed;
}

std::vector<NodeId> choose_voters(const Membership& document, const std::function<bool(NodeId)>& is_there) {
  std::vector<NodeId> chosen = document.choosers();
  std::erase_if(chosen, [&](NodeId node) { return !is_in(document, node); });
  std::vector<const Member*> others;
  for (const Member& member : document.members)
    if (member.state == MemberState::member && std::ranges::find(chosen, member.id) == chosen.end() &&
        is_there(member.id))
      others.push_back(&member);
  const auto voters_in = [&](const std::string& zone) {
    return std::ranges::count_if(chosen, [&](NodeId node) { return document.find(node)->zone == zone; });
  };
  while (!others.empty() && chosen.size() < kVotersChosenMax) {
    const auto next = std::ranges::min_element(others, {}, [&](const Member* m) { return voters_in(m->zone); });
    chosen.push_back((*next)->id);
    others.erase(next);
  }
  // With an even number as many may fail as with one less, and more must be there.
  if (chosen.size() % 2 == 0 && !chosen.empty()) chosen.pop_back();
  std::ranges::sort(chosen);
  return chosen;
}

Membership next_generation(const Membership& document, NodeId self) {
  Membership next = document;
  const std::uint64_t generation = document.epoch.value >> kGenerationShift;
  next.epoch.value = ((generation + 1) << kGenerationShift) + 1;
  next.voters = {self};
  next.voters_named = false;
  return next;
}

}  // namespace shoal
