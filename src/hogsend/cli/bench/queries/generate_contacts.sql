-- $1 contacts: a third on trial, with trials that end within the next 60 days.
INSERT INTO contacts (user_id, properties, created_at, updated_at)
SELECT 'user_' || n,
       jsonb_build_object(
           'plan', (ARRAY['trial', 'pro', 'free'])[1 + n % 3],
           'seats', n % 20,
           'trial_ends_at', to_char($2::timestamptz + (n % 60) * interval '24 hours',
                                    'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
       $2, $2
FROM generate_series(1, $1::integer) AS n
