-- Count triggers that enrolled nobody. The caller holds the users' contact locks.
INSERT INTO journey_skips (user_id, journey_id, reason, count, first_at, last_at)
SELECT user_id, journey_id, reason, count, $5, $5
FROM unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::bigint[])
    AS skipped (user_id, journey_id, reason, count)
ON CONFLICT (user_id, journey_id, reason) DO UPDATE
SET count = journey_skips.count + excluded.count, last_at = excluded.last_at
