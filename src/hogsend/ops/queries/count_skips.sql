-- How many triggers of a journey enrolled nobody, by reason.
SELECT reason, sum(count)::bigint AS count FROM journey_skips WHERE journey_id = $1 GROUP BY reason
