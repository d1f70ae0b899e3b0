-- How many runs of these journeys these users have under way, by journey.
SELECT journey_id, count(*) AS runs
FROM journey_states
WHERE user_id = ANY($1::text[]) AND journey_id = ANY($2::text[]) AND finished_at IS NULL
GROUP BY journey_id
