// voters: the members that choose membership documents: who they are, naming others, and beginning anew when a majority
// of them is lost for ever.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "client/cli/gather.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

struct Asked {
  std::vector<std::string> members;
  std::string node;
  bool lost_for_ever = false;
};

std::vector<MemberStatus> voters_of(const NodeStatus& view) {
  std::vector<MemberStatus> voters;
  for (const MemberStatus& member : view.members)
    if (std::ranges::find(view.voters, member.id) != view.voters.end()) voters.push_back(member);
  return voters;
}

Json json_of(const NodeStatus& view) {
  Json voters = Json::array();
  for (const MemberStatus& voter : voters_of(view))
    voters.push_back(Json{{"name", voter.name},
                          {"id", voter.id},
                          {"address", voter.address},
                          {"zone", voter.zone},
                          {"liveness", voter.liveness}});
  return Json{{"schema", kSchema}, {"voters", std::move(voters)}, {"named", view.voters_named}, {"epoch", view.epoch}};
}

int list(Session& session) {
  const Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  if (session.is_json()) {
    print_json(json_of(*view));
    return kDone;
  }
  Table table{{"NAME", "ID", "ADDRESS", "ZONE", "LIVENESS"}, {}};
  for (const MemberStatus& voter : voters_of(*view))
    table.rows.push_back({shown(voter.name), voter.id, shown(voter.address), shown(voter.zone), voter.liveness});
  print_table(table, session.format());
  return kDone;
}

int finish(Session& session, const NodeStatus& before, const Result<std::uint64_t>& epoch, const std::string& done) {
  if (!epoch) return session.report(epoch.error());
  const std::vector<std::string> behind = wait_for_document(session, before, *epoch);
  if (session.is_json()) {
    print_json(Json{{"schema", kSchema}, {"epoch", *epoch}, {"not_known_to", behind}});
  } else if (session.is_table() && !session.quiet()) {
    print_line(session.paint(Paint::good, "ok") + "   " + done);
  }
  for (const std::string& name : behind)
    session.say("it is so, but " + shown(name) + " has not said yet that it knows");
  return behind.empty() ? kDone : kMaybe;
}

int set(Session& session, const std::vector<std::string>& members) {
  const Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  const std::string done = members.empty() ? "the cluster chooses its voters" : "these are the voters";
  return finish(session, *view, session.db().set_voters(members), done);
}

int break_glass(Session& session, const Asked& asked) {
  if (!asked.lost_for_ever)
    return session.report(
        fail(Errc::invalid,
             "this is for voters that never come back, and what they have chosen alone is lost; if it "
             "is so, say it with --lost-for-ever, for one node only"));
  const Result<NodeStatus> view = session.db().status(asked.node);
  if (!view) return session.report(view.error());
  return finish(session, *view, session.db().break_glass(asked.node),
                "a new generation of membership documents begins, with this node as its voter");
}

}  // namespace

Run declare_voters(CLI::App& command) {
  const auto asked = std::make_shared<Asked>();
  command.require_subcommand(1);
  CLI::App* ls = command.add_subcommand("ls", "List the voters")->fallthrough();
  CLI::App* name = command.add_subcommand("set", "Name the voters; the cluster leaves them as they are")->fallthrough();
  name->add_option("MEMBER", asked->members, "1 to 7 members: names, ids or addresses; best an odd number")->required();
  CLI::App* automatic = command.add_subcommand("auto", "Let the cluster choose its voters, as at first")->fallthrough();
  CLI::App* glass =
      command.add_subcommand("break-glass", "Begin anew when a majority of the voters is lost for ever")->fallthrough();
  glass->add_option("NODE", asked->node, "The one member that begins")->required();
  glass->add_flag("--lost-for-ever", asked->lost_for_ever, "The voters that are missing never come back");
  command.footer(
      "A majority of the voters chooses every change of members, buckets and voters; without it nothing of that\n"
      "changes, and data are read and written as before. 5: it is so, but some member has not said that it knows.\n\n"
      "  shoal voters ls\n  shoal voters set n1 n2 n3\n  shoal voters auto\n"
      "  shoal voters break-glass n4 --lost-for-ever");
  return [asked, ls, automatic, glass](Session& session) {
    if (ls->parsed()) return list(session);
    if (glass->parsed()) return break_glass(session, *asked);
    return set(session, automatic->parsed() ? std::vector<std::string>() : asked->members);
  };
}

}  // namespace shoal::cli
