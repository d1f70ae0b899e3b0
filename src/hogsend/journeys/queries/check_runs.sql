-- Which of the claims still stand.
SELECT run.id
FROM unnest($1::text::text[], $2::text::text[], $3::text::uuid[], $4::text::integer[])
    AS held (user_id, journey_id, id, epoch)
JOIN journey_states AS run
    ON run.user_id = held.user_id AND run.journey_id = held.journey_id AND run.id = held.id
WHERE run.epoch = held.epoch AND run.holder IS NOT NULL
