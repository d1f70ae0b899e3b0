-- Note under which generation timers were seen to. The caller holds the users' contact locks.
UPDATE bucket_timers
SET mark = seen.mark
FROM unnest($1::text::text[], $2::text::text[], $3::text::integer[])
    AS seen (user_id, bucket_id, mark)
WHERE bucket_timers.user_id = seen.user_id AND bucket_timers.bucket_id = seen.bucket_id
  AND bucket_timers.mark IS DISTINCT FROM seen.mark
