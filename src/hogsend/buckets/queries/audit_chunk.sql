-- Whom of a chunk of people, in order of user id, the criteria put elsewhere than their
-- membership; and the last id of the chunk. $1 now, $2 the id before the chunk, $3 its size,
-- $4 the bucket. Takes no locks. A pair whose timer is due is late, not astray: the pump has it.
WITH person AS MATERIALIZED (/* people */),
verdict AS (/* selection */)
SELECT (SELECT max(user_id) FROM person) AS last,
       (SELECT array_agg(verdict.user_id ORDER BY verdict.user_id)
        FROM verdict
        LEFT JOIN bucket_memberships AS membership
            ON membership.bucket_id = $4 AND membership.user_id = verdict.user_id
           AND membership.status = 'active'
        WHERE verdict.matches <> (membership.user_id IS NOT NULL)
          AND NOT EXISTS (
              SELECT FROM bucket_timers AS timer
              WHERE timer.user_id = verdict.user_id AND timer.bucket_id = $4
                AND timer.due_at <= $1
          )) AS astray
