-- $2 events of $1 contacts, at random over the 14 days before $3; half of them come from an
-- eighth of the contacts (the cube of a uniform number), as in the stream that follows.
INSERT INTO user_events (user_id, event, occurred_at, id, properties, received_at)
SELECT user_id, event, occurred_at, gen_random_uuid(), '{"path": "/home", "n": 3}', occurred_at
FROM (
    SELECT 'user_' || (1 + floor(power(random(), 3) * $1::integer))::integer AS user_id,
           (ARRAY['app.active', 'app.active', 'key.action', 'page.view'])
               [1 + floor(random() * 4)::integer] AS event,
           $3::timestamptz - random() * interval '336 hours' AS occurred_at
    FROM generate_series(1, $2::integer)
) AS generated
ORDER BY user_id, event, occurred_at
