-- $1 people with mail addresses, who came at any hour of the 100 days before $2.
INSERT INTO contacts (user_id, email, properties, created_at, updated_at)
SELECT 'user_' || n, 'user_' || n || '@example.org',
       jsonb_build_object('plan', (ARRAY['trial', 'pro', 'free'])[1 + n % 3], 'seats', n % 20),
       $2::timestamptz - (n % 2400) * interval '1 hour', $2
FROM generate_series(1, $1::integer) AS n
