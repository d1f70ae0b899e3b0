-- $1 people who were in bucket $2 for 20 days and came back, over the 80 days before $3.
INSERT INTO bucket_memberships
    (user_id, bucket_id, entry_count, id, status, source, reason, entered_at, left_at,
     last_evaluated_at)
SELECT 'user_' || n, $2, stay, gen_random_uuid(), CASE stay WHEN 1 THEN 'left' ELSE 'active' END,
       'event', CASE stay WHEN 1 THEN 'criteria' END,
       CASE stay WHEN 1 THEN came - interval '40 days' ELSE came END,
       CASE stay WHEN 1 THEN came - interval '20 days' END, $3
FROM (
    SELECT n, stay, $3::timestamptz - (n % 57600) * interval '1 minute' AS came
    FROM generate_series(1, $1::integer) AS n
    CROSS JOIN generate_series(1, 2) AS stay
) AS person
