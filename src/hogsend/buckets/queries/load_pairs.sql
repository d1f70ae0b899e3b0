-- The latest membership and the timer of the pairs that must be looked at, among those asked for.
-- Left out are: members whom the changes cannot make leave, others whom they cannot make join, and
-- those kept out by an event until after their timer fires; unless they are due ($6).
-- The caller holds the users' contact locks.
SELECT asked.user_id, asked.bucket_id, timer.due_at, timer.mark,
       latest.entry_count, latest.source, latest.reason, latest.entered_at, latest.left_at,
       latest.dwell_anchor_at, latest.dwell_state
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::boolean[], $4::text::boolean[],
    $5::text::timestamptz[]
) AS asked (user_id, bucket_id, can_leave, can_join, out_until)
LEFT JOIN bucket_timers AS timer
    ON timer.user_id = asked.user_id AND timer.bucket_id = asked.bucket_id
LEFT JOIN LATERAL (
    SELECT entry_count, status, source, reason, entered_at, left_at, dwell_anchor_at, dwell_state
    FROM bucket_memberships AS membership
    WHERE membership.user_id = asked.user_id AND membership.bucket_id = asked.bucket_id
    ORDER BY entry_count DESC
    LIMIT 1
) AS latest ON true
WHERE CASE
    WHEN timer.due_at <= $6 THEN true
    WHEN latest.status = 'active' THEN asked.can_leave
    ELSE asked.can_join AND (timer.due_at <= asked.out_until) IS NOT TRUE
END
