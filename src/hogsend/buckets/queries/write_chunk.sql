-- Do what is to be done about the people $2, whose contact locks the caller holds: join silently
-- whoever matches, arm and disarm timers. Those who have to leave are returned, for the fold.
-- A joined stay has a version 7 uuid: the milliseconds in front, behind them those digits of a
-- version 4 uuid that are chance.
WITH /* judge */,
clock AS MATERIALIZED (
    SELECT overlay(lpad(to_hex(floor(extract(epoch FROM $1) * 1000)::bigint), 12, '0')
                   PLACING '-' FROM 9 FOR 0) || '-7' AS digits
),
joined AS (
    INSERT INTO bucket_memberships
        (user_id, bucket_id, entry_count, id, status, source, entered_at, expires_at,
         last_evaluated_at, dwell_anchor_at)
    SELECT user_id, $3, coalesce(entry_count, 0) + 1,
           ((SELECT digits FROM clock) || substr(gen_random_uuid()::text, 16))::uuid,
           'active', 'backfill', entered_at, due_at, $1, since
    FROM work
    WHERE joins
),
armed AS (
    -- Under the contact lock nobody else arms, and ON CONFLICT costs three times as much.
    INSERT INTO bucket_timers (user_id, bucket_id, due_at, mark)
    SELECT user_id, $3, due_at, $4 FROM work WHERE arms AND timer IS NULL
),
rearmed AS (
    -- Not a join with the timers: its plan, made while they were few, would read all of the
    -- bucket's for each chunk.
    INSERT INTO bucket_timers (user_id, bucket_id, due_at, mark)
    SELECT user_id, $3, due_at, $4 FROM work WHERE arms AND timer IS NOT NULL
    ON CONFLICT (user_id, bucket_id) DO UPDATE
    SET due_at = excluded.due_at, mark = coalesce(excluded.mark, bucket_timers.mark)
),
disarmed AS (
    DELETE FROM bucket_timers USING work
    WHERE disarms AND bucket_timers.user_id = work.user_id AND bucket_timers.bucket_id = $3
),
shown AS (
    UPDATE bucket_memberships AS membership
    SET expires_at = work.due_at, last_evaluated_at = $1
    FROM work
    WHERE active AND matches AND (arms OR stays_for_ever)
      AND membership.user_id = work.user_id AND membership.bucket_id = $3
      AND membership.entry_count = work.entry_count
)
SELECT count(*) FILTER (WHERE joins) AS joined,
       count(*) FILTER (WHERE joins OR leaves OR arms OR disarms OR stays_for_ever) AS touched,
       -- Not a FILTER of an ordered aggregate, which would sort everybody.
       (SELECT array_agg(user_id ORDER BY user_id) FROM work WHERE leaves) AS leaving
FROM work
