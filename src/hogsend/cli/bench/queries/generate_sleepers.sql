-- $1 runs of journey $2 that sleep until $3, begun at $4; $5 begins the users' ids.
INSERT INTO journey_states
    (user_id, journey_id, id, status, wake_at, epoch, journal, contact, event, resumed_at,
     created_at, updated_at)
SELECT $5::text || n, $2, gen_random_uuid(), 'waiting', $3, 1,
       jsonb_build_array(
           jsonb_build_object('call', 'step:first', 'at', $4::timestamptz, 'beganAt', $4,
                              'result', 1),
           jsonb_build_object('call', 'sleep', 'until', $3::timestamptz)),
       '{"email": "user@example.org", "properties": {"plan": "trial", "seats": 3}}',
       jsonb_build_object('id', gen_random_uuid(), 'name', 'go', 'occurredAt', $4,
                          'properties', '{"path": "/home"}'::jsonb),
       $4, $4, $4
FROM generate_series(1, $1::integer) AS n
