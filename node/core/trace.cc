#include "node/core/trace.h"

namespace shoal {

std::string_view name_of(Mark mark) {
  switch (mark) {
    case Mark::put_answered_by_quorum: return "put_answered_by_quorum";
    case Mark::put_refused_too_few_alive: return "put_refused_too_few_alive";
    case Mark::put_indeterminate: return "put_indeterminate";
    case Mark::put_resent: return "put_resent";
    case Mark::put_retry_recognised: return "put_retry_recognised";
    case Mark::put_left_siblings: return "put_left_siblings";
    case Mark::put_refused_sibling_limit: return "put_refused_sibling_limit";
    case Mark::put_refused_by_store: return "put_refused_by_store";
    case Mark::put_forwarded: return "put_forwarded";
    case Mark::forwarded_again: return "forwarded_again";
    case Mark::put_new_epoch_after_amnesia: return "put_new_epoch_after_amnesia";
    case Mark::get_merged_differing_replies: return "get_merged_differing_replies";
    case Mark::get_widened: return "get_widened";
    case Mark::get_timed_out: return "get_timed_out";
    case Mark::get_saw_siblings: return "get_saw_siblings";
    case Mark::get_fetched_what_differed: return "get_fetched_what_differed";
    case Mark::get_hedged: return "get_hedged";
    case Mark::get_hedge_denied: return "get_hedge_denied";
    case Mark::get_counted_stand_in: return "get_counted_stand_in";
    case Mark::get_asked_next_stand_in: return "get_asked_next_stand_in";
    case Mark::get_stand_ins_do_not_know: return "get_stand_ins_do_not_know";
    case Mark::get_coordinated_by_fallback: return "get_coordinated_by_fallback";
    case Mark::get_behind_session: return "get_behind_session";
    case Mark::get_session_not_satisfied: return "get_session_not_satisfied";
    case Mark::get_made_all_agree: return "get_made_all_agree";
    case Mark::get_inconsistent: return "get_inconsistent";
    case Mark::read_repair_sent: return "read_repair_sent";
    case Mark::read_repair_skipped: return "read_repair_skipped";
    case Mark::expired_work_dropped: return "expired_work_dropped";
    case Mark::peer_refused_by_store: return "peer_refused_by_store";
    case Mark::client_refused_overloaded: return "client_refused_overloaded";
    case Mark::list_merged: return "list_merged";
    case Mark::list_merged_hints: return "list_merged_hints";
    case Mark::token_refused_session_only: return "token_refused_session_only";
    case Mark::slot_collision_refused: return "slot_collision_refused";
    case Mark::formation_closed: return "formation_closed";
    case Mark::join_accepted: return "join_accepted";
    case Mark::join_refused: return "join_refused";
    case Mark::address_changed: return "address_changed";
    case Mark::document_adopted: return "document_adopted";
    case Mark::unreadable_record_answered_dont_know: return "unreadable_record_answered_dont_know";
    case Mark::lww_dropped_concurrent_value: return "lww_dropped_concurrent_value";
    case Mark::hint_kept: return "hint_kept";
    case Mark::hint_taken_over_by_owner: return "hint_taken_over_by_owner";
    case Mark::hint_refused_store_full: return "hint_refused_store_full";
    case Mark::hint_delivered: return "hint_delivered";
    case Mark::hint_changed_while_delivered: return "hint_changed_while_delivered";
    case Mark::handoff_refused: return "handoff_refused";
    case Mark::handoff_unanswered: return "handoff_unanswered";
    case Mark::put_called_stand_in: return "put_called_stand_in";
    case Mark::put_answered_with_stand_ins: return "put_answered_with_stand_ins";
    case Mark::put_coordinated_by_fallback: return "put_coordinated_by_fallback";
    case Mark::partition_marked_for_repair: return "partition_marked_for_repair";
    case Mark::bucket_changed: return "bucket_changed";
    case Mark::bucket_refused: return "bucket_refused";
    case Mark::count_: break;
  }
  return "unknown";
}

}  // namespace shoal
