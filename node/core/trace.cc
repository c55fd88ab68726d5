#include "node/core/trace.h"

#include <utility>

namespace shoal {
namespace {

// In the order of the marks.
constexpr std::pair<Mark, std::string_view> kNames[] = {
    {Mark::put_answered_by_quorum, "put_answered_by_quorum"},
    {Mark::put_refused_too_few_alive, "put_refused_too_few_alive"},
    {Mark::put_indeterminate, "put_indeterminate"},
    {Mark::put_resent, "put_resent"},
    {Mark::put_retry_recognised, "put_retry_recognised"},
    {Mark::put_left_siblings, "put_left_siblings"},
    {Mark::put_refused_sibling_limit, "put_refused_sibling_limit"},
    {Mark::put_refused_by_store, "put_refused_by_store"},
    {Mark::put_forwarded, "put_forwarded"},
    {Mark::forwarded_again, "forwarded_again"},
    {Mark::put_new_epoch_after_amnesia, "put_new_epoch_after_amnesia"},
    {Mark::get_merged_differing_replies, "get_merged_differing_replies"},
    {Mark::get_widened, "get_widened"},
    {Mark::get_timed_out, "get_timed_out"},
    {Mark::get_saw_siblings, "get_saw_siblings"},
    {Mark::get_fetched_what_differed, "get_fetched_what_differed"},
    {Mark::get_hedged, "get_hedged"},
    {Mark::get_hedge_denied, "get_hedge_denied"},
    {Mark::get_counted_stand_in, "get_counted_stand_in"},
    {Mark::get_asked_next_stand_in, "get_asked_next_stand_in"},
    {Mark::get_stand_ins_do_not_know, "get_stand_ins_do_not_know"},
    {Mark::get_coordinated_by_fallback, "get_coordinated_by_fallback"},
    {Mark::get_behind_session, "get_behind_session"},
    {Mark::get_session_not_satisfied, "get_session_not_satisfied"},
    {Mark::get_made_all_agree, "get_made_all_agree"},
    {Mark::get_inconsistent, "get_inconsistent"},
    {Mark::read_repair_sent, "read_repair_sent"},
    {Mark::read_repair_skipped, "read_repair_skipped"},
    {Mark::expired_work_dropped, "expired_work_dropped"},
    {Mark::peer_refused_by_store, "peer_refused_by_store"},
    {Mark::client_refused_overloaded, "client_refused_overloaded"},
    {Mark::list_merged, "list_merged"},
    {Mark::list_merged_hints, "list_merged_hints"},
    {Mark::token_refused_session_only, "token_refused_session_only"},
    {Mark::slot_collision_refused, "slot_collision_refused"},
    {Mark::formation_closed, "formation_closed"},
    {Mark::join_accepted, "join_accepted"},
    {Mark::join_refused, "join_refused"},
    {Mark::address_changed, "address_changed"},
    {Mark::document_adopted, "document_adopted"},
    {Mark::document_chosen, "document_chosen"},
    {Mark::document_finished_for_another, "document_finished_for_another"},
    {Mark::document_outbid, "document_outbid"},
    {Mark::topology_too_few_voters, "topology_too_few_voters"},
    {Mark::voters_chosen, "voters_chosen"},
    {Mark::glass_broken, "glass_broken"},
    {Mark::unreadable_record_answered_dont_know, "unreadable_record_answered_dont_know"},
    {Mark::lww_dropped_concurrent_value, "lww_dropped_concurrent_value"},
    {Mark::hint_kept, "hint_kept"},
    {Mark::hint_taken_over_by_owner, "hint_taken_over_by_owner"},
    {Mark::hint_refused_store_full, "hint_refused_store_full"},
    {Mark::hint_delivered, "hint_delivered"},
    {Mark::hint_changed_while_delivered, "hint_changed_while_delivered"},
    {Mark::handoff_refused, "handoff_refused"},
    {Mark::handoff_unanswered, "handoff_unanswered"},
    {Mark::put_called_stand_in, "put_called_stand_in"},
    {Mark::put_answered_with_stand_ins, "put_answered_with_stand_ins"},
    {Mark::put_coordinated_by_fallback, "put_coordinated_by_fallback"},
    {Mark::partition_marked_for_repair, "partition_marked_for_repair"},
    {Mark::bucket_changed, "bucket_changed"},
    {Mark::bucket_refused, "bucket_refused"},
    {Mark::digest_corrected, "digest_corrected"},
    {Mark::record_quarantined, "record_quarantined"},
    {Mark::record_restored, "record_restored"},
    {Mark::damaged_record_dropped, "damaged_record_dropped"},
    {Mark::repair_found_equal, "repair_found_equal"},
    {Mark::repair_finished, "repair_finished"},
    {Mark::repair_broke_off, "repair_broke_off"},
    {Mark::repair_unanswered, "repair_unanswered"},
    {Mark::repair_yielded, "repair_yielded"},
    {Mark::repair_pulled, "repair_pulled"},
    {Mark::repair_pushed, "repair_pushed"},
    {Mark::strong_read_in_one_round, "strong_read_in_one_round"},
    {Mark::strong_read_by_proposal, "strong_read_by_proposal"},
    {Mark::strong_change_chosen, "strong_change_chosen"},
    {Mark::strong_changes_together, "strong_changes_together"},
    {Mark::strong_change_in_one_round, "strong_change_in_one_round"},
    {Mark::strong_attempt_outbid, "strong_attempt_outbid"},
    {Mark::strong_compare_lost, "strong_compare_lost"},
    {Mark::strong_in_doubt, "strong_in_doubt"},
    {Mark::strong_client_unknown, "strong_client_unknown"},
    {Mark::strong_too_few_reachable, "strong_too_few_reachable"},
    {Mark::prepare_outbid, "prepare_outbid"},
    {Mark::accept_outbid, "accept_outbid"},
    {Mark::value_learned, "value_learned"},
    {Mark::vote_refused_other_epoch, "vote_refused_other_epoch"},
    {Mark::acceptor_unreadable, "acceptor_unreadable"},
};

constexpr bool each_stands_at_its_place() {
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    if (kNames[i].first != static_cast<Mark>(i)) return false;
  return std::size(kNames) == static_cast<std::size_t>(Mark::count_);
}
static_assert(each_stands_at_its_place());

}  // namespace

std::string_view name_of(Mark mark) { return kNames[static_cast<std::size_t>(mark)].second; }

}  // namespace shoal
