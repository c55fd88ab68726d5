// Marks: names for the rare branches of the brain. The simulator counts them, so that a seed set which never reaches
// a branch fails, and a node exposes them as counters.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shoal {

enum class Mark : std::uint8_t {
  put_answered_by_quorum,
  put_refused_too_few_alive,
  put_indeterminate,
  put_resent,
  put_retry_recognised,
  put_left_siblings,
  put_refused_sibling_limit,
  put_refused_by_store,
  put_forwarded,
  forwarded_again,
  put_new_epoch_after_amnesia,
  get_merged_differing_replies,
  get_widened,
  get_timed_out,
  get_saw_siblings,
  get_fetched_what_differed,
  get_hedged,
  get_hedge_denied,
  get_counted_stand_in,
  get_asked_next_stand_in,
  get_stand_ins_do_not_know,
  get_coordinated_by_fallback,
  get_behind_session,
  get_session_not_satisfied,
  get_made_all_agree,
  get_inconsistent,
  read_repair_sent,
  read_repair_skipped,
  expired_work_dropped,
  peer_refused_by_store,
  client_refused_overloaded,
  list_merged,
  list_merged_hints,
  token_refused_session_only,
  slot_collision_refused,
  formation_closed,
  join_accepted,
  join_refused,
  address_changed,
  document_adopted,
  document_chosen,
  document_finished_for_another,
  document_outbid,
  topology_too_few_voters,
  voters_chosen,
  glass_broken,
  unreadable_record_answered_dont_know,
  lww_dropped_concurrent_value,
  hint_kept,
  hint_taken_over_by_owner,
  hint_refused_store_full,
  hint_delivered,
  hint_changed_while_delivered,
  handoff_refused,
  handoff_unanswered,
  put_called_stand_in,
  put_answered_with_stand_ins,
  put_coordinated_by_fallback,
  partition_marked_for_repair,
  bucket_changed,
  bucket_refused,
  digest_corrected,
  record_quarantined,
  record_restored,
  damaged_record_dropped,
  repair_found_equal,
  repair_finished,
  repair_broke_off,
  repair_unanswered,
  repair_yielded,
  repair_pulled,
  repair_pushed,
  strong_read_in_one_round,
  strong_read_by_proposal,
  strong_change_chosen,
  strong_changes_together,
  strong_change_in_one_round,
  strong_attempt_outbid,
  strong_compare_lost,
  strong_in_doubt,
  strong_client_unknown,
  strong_too_few_reachable,
  prepare_outbid,
  accept_outbid,
  value_learned,
  vote_refused_other_epoch,
  acceptor_unreadable,
  count_,
};

std::string_view name_of(Mark mark);

class Trace {
 public:
  virtual ~Trace() = default;
  virtual void mark(Mark mark) = 0;
};

// Counts; the usual Trace.
class MarkCounts final : public Trace {
 public:
  MarkCounts() = default;
  // Tells `listener` (not owned, may be null) as well.
  explicit MarkCounts(Trace* listener) : listener_(listener) {}

  void mark(Mark mark) override {
    ++counts_[static_cast<std::size_t>(mark)];
    if (listener_ != nullptr) listener_->mark(mark);
  }
  [[nodiscard]] std::uint64_t of(Mark mark) const { return counts_[static_cast<std::size_t>(mark)]; }

 private:
  Trace* listener_ = nullptr;
  std::array<std::uint64_t, static_cast<std::size_t>(Mark::count_)> counts_{};
};

}  // namespace shoal
