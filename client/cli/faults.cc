// faults: what nodes of a laboratory suffer on purpose. Every order goes to the nodes that shall suffer, each by
// itself; what was ordered ends by itself.
#include <CLI/CLI.hpp>
#include <memory>

#include "client/cli/fault_words.h"
#include "client/cli/gather.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

struct Typed {
  std::string token_file;
  std::vector<std::string> nodes;
  TypedFault fault;
  std::vector<std::uint64_t> ids;
  std::string partition;
  bool one_way = false;
};

// What one member was asked, and what it said.
struct Asked {
  MemberStatus member;
  Pending<FaultsReply> pending;
};
struct Told {
  MemberStatus member;
  Result<FaultsReply> reply;
};

constexpr const char* kWays[] = {"out", "in", "both"};

Json json_of(const FaultInForce& fault) {
  const FaultRule& rule = fault.rule;
  Json json{{"id", fault.id},
            {"kind", name_of(rule.kind)},
            {"text", shown(fault.text)},
            {"left_ms", fault.left.count()},
            {"struck", fault.struck}};
  if (concerns_links(rule.kind)) {
    json["peers"] = rule.peers;
    json["way"] = kWays[static_cast<std::size_t>(rule.way)];
    json["share"] = static_cast<double>(rule.share) / FaultRule::kAll;
  }
  json["least_ms"] = rule.least.count();
  json["most_ms"] = rule.most.count();
  json["offset_ms"] = rule.offset.count();
  json["drift_ppm"] = rule.drift_ppm;
  return json;
}

Json json_of(const Told& told) {
  Json json{{"name", told.member.name}, {"id", told.member.id}, {"faults", Json::array()}};
  for (const FaultInForce& fault : told.reply->faults) json["faults"].push_back(json_of(fault));
  return json;
}

std::vector<Told> hear(std::vector<Asked> asked) {
  std::vector<Told> told;
  told.reserve(asked.size());
  for (Asked& one : asked) told.push_back({one.member, one.pending.get()});
  return told;
}

void print_table_of(const Session& session, const std::vector<Told>& told) {
  Table table{{"NODE", "ID", "LEFT", "STRUCK", "FAULT"}, {}};
  for (const Told& one : told) {
    if (!one.reply) continue;
    for (const FaultInForce& fault : one.reply->faults)
      table.rows.push_back({shown(one.member.name), std::to_string(fault.id),
                            std::to_string(fault.left.count()) + (session.is_table() ? " ms" : ""),
                            std::to_string(fault.struck), shown(fault.text)});
  }
  if (session.is_table() && table.rows.empty()) return session.say("no fault is in force at any node that answered");
  print_table(table, session.format());
}

void print_told(const Session& session, const std::vector<Told>& told) {
  if (!session.is_json()) return print_table_of(session, told);
  Json nodes = Json::array();
  for (const Told& one : told)
    if (one.reply) nodes.push_back(json_of(one));
  if (session.format() == Format::json) {
    print_json(Json{{"schema", kSchema}, {"nodes", std::move(nodes)}});
  } else {
    for (const Json& node : nodes) print_json(node);
  }
}

// The first that failed decides the exit code; an order that some have taken stays in force there.
int conclude(const Session& session, const std::vector<Told>& told) {
  const auto failed = [](const Told& one) { return !one.reply; };
  const auto first = std::ranges::find_if(told, failed);
  if (first == told.end()) {
    print_told(session, told);
    return kDone;
  }
  const auto failures = std::ranges::count_if(told, failed);
  Error error = first->reply.error();
  error.message = first->member.name + ": " + error.message;
  if (failures > 1) error.message += " (and " + std::to_string(failures - 1) + " more nodes)";
  if (failures < std::ssize(told)) error.message += "; the other nodes have taken it, see shoal faults ls";
  return session.report(error);
}

class Orders {
 public:
  Orders(Session& session, std::string token) : session_(session), access_(session.db(), std::move(token)) {}

  int list(const Typed& typed) {
    return to_members(typed.nodes, [&](const MemberStatus& member) { return access_.faults(member.id); });
  }
  int add(const Typed& typed) {
    const Result<FaultRule> rule = parse_fault(typed.fault, typed.nodes.empty());
    if (!rule) return session_.report(rule.error());
    return to_members(typed.nodes, [&](const MemberStatus& member) { return access_.add(member.id, {*rule}); });
  }
  int clear(const Typed& typed) {
    if (!typed.ids.empty() && typed.nodes.size() != 1)
      return session_.report(fail(Errc::invalid, "the numbers of faults are a node's own: say whose with --node"));
    return to_members(typed.nodes, [&](const MemberStatus& member) { return access_.clear(member.id, typed.ids); });
  }
  int partition(const Typed& typed) {
    const auto groups = parse_groups(typed.partition);
    if (!groups) return session_.report(groups.error());
    const Result<Millis> lasts = parse_lasts(typed.fault.lasts);
    if (!lasts) return session_.report(lasts.error());
    std::vector<std::string> everybody;
    for (const std::vector<std::string>& group : *groups) everybody.insert(everybody.end(), group.begin(), group.end());
    const Result<std::vector<MemberStatus>> members = named(everybody);
    if (!members) return session_.report(members.error());
    std::vector<Asked> asked;
    for (NodeRule& order : partition_rules(*groups, typed.one_way, *lasts)) {
      const auto at = std::ranges::find(everybody, order.node) - everybody.begin();
      const MemberStatus& member = (*members)[static_cast<std::size_t>(at)];
      asked.push_back({member, access_.add(member.id, {std::move(order.rule)})});
    }
    return conclude(session_, hear(std::move(asked)));
  }

 private:
  Result<std::vector<MemberStatus>> named(const std::vector<std::string>& names) {
    const Result<NodeStatus> view = session_.db().status();
    return view ? members_named(*view, names) : view.error();
  }
  template <class Order>
  int to_members(const std::vector<std::string>& names, Order order) {
    const Result<std::vector<MemberStatus>> members = named(names);
    if (!members) return session_.report(members.error());
    std::vector<Asked> asked;
    for (const MemberStatus& member : *members) asked.push_back({member, order(member)});
    return conclude(session_, hear(std::move(asked)));
  }

  Session& session_;
  LaboratoryAccess access_;
};

void declare_nodes(CLI::App& command, Typed& typed, const char* what) {
  command.add_option("--node", typed.nodes, what)->delimiter(',');
}

void declare_lasts(CLI::App& command, Typed& typed) {
  command.add_option("--for", typed.fault.lasts, "How long, at most 1h: 500ms, 20s, 5m; it then ends by itself");
}

CLI::App* declare_add(CLI::App& faults, Typed& typed) {
  CLI::App* add = faults.add_subcommand("add", "Order a fault")->fallthrough();
  TypedFault& fault = typed.fault;
  add->add_option("KIND", fault.kind,
                  "cut, delay, loss, duplicate, reorder, corrupt; clock; disk_slow, disk_full, disk_error")
      ->required();
  declare_nodes(*add, typed, "Nodes that suffer: n1,n2; all members when left out");
  add->add_option("--peer", fault.peers, "Links to these members alone: n2,n3")->delimiter(',');
  add->add_flag("--out", fault.out, "What the node sends alone");
  add->add_flag("--in", fault.in, "What the node hears alone");
  add->add_option("--share", fault.share, "Part of the frames: 5% or 0.05; all when left out");
  add->add_option("--ms", fault.ms, "delay, reorder, disk_slow: so many milliseconds: 50, or drawn from 50..80");
  add->add_option("--offset", fault.offset, "clock: so far off: 1h, -500ms");
  add->add_option("--drift", fault.drift, "clock: parts per million fast, or slow when below 0");
  declare_lasts(*add, typed);
  return add;
}

}  // namespace

Run declare_faults(CLI::App& command) {
  const auto typed = std::make_shared<Typed>();
  command.require_subcommand(1);
  command
      .add_option("--token-file", typed->token_file, "The file that the nodes were given with shoald --allow-faults")
      ->envname("SHOAL_FAULTS_TOKEN_FILE");
  CLI::App* ls = command.add_subcommand("ls", "What each node suffers, and how long still")->fallthrough();
  declare_nodes(*ls, *typed, "These nodes alone");
  CLI::App* add = declare_add(command, *typed);
  CLI::App* clear = command.add_subcommand("clear", "End faults now, all of them or those with these numbers");
  clear->fallthrough()->add_option("ID", typed->ids, "Their numbers at one --node");
  declare_nodes(*clear, *typed, "At these nodes alone");
  CLI::App* partition = command.add_subcommand("partition", "Cut groups of nodes off from each other")->fallthrough();
  partition->add_option("GROUPS", typed->partition, "n1,n2/n3,n4,n5; a node in no group sees all")->required();
  partition->add_flag("--one-way", typed->one_way, "Nothing from the first group to the others, everything back");
  declare_lasts(*partition, *typed);
  command.footer(
      "For nodes of a laboratory: those that were started with shoald --allow-faults FILE, where FILE holds a token.\n"
      "Clients' connections are never touched. Without --out or --in, what a node sends and hears suffers; when all\n"
      "members are ordered, what each of them sends, so that every frame suffers once.\n\n"
      "  shoal faults partition n1,n2/n3,n4,n5 --for 20s\n"
      "  shoal faults add cut --node n1 --peer n2 --out --for 10s\n"
      "  shoal faults add delay --ms 50..80 --for 1m\n"
      "  shoal faults add clock --node n2 --offset 1h --for 5m\n"
      "  shoal faults clear");
  return [=](Session& session) {
    Result<std::string> token = read_token(typed->token_file);
    if (!token) return session.report(token.error());
    Orders orders(session, *std::move(token));
    if (add->parsed()) return orders.add(*typed);
    if (clear->parsed()) return orders.clear(*typed);
    return ls->parsed() ? orders.list(*typed) : orders.partition(*typed);
  };
}

}  // namespace shoal::cli
