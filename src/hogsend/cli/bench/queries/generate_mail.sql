-- $1 mails of two templates, sent over the 30 days before $2.
INSERT INTO email_sends
    (user_id, idempotency_key, id, status, template, journey_id, from_address, to_address, subject,
     html, text, provider, provider_id, attempts, created_at, updated_at, sent_at)
SELECT 'user_' || n, 'mail_' || n, gen_random_uuid(), 'sent',
       (ARRAY['welcome', 'win-back'])[1 + n % 2], 'tour', 'Ada <ada@example.org>',
       'user_' || n || '@example.org', 'We miss you', '<p>We miss you</p>', 'We miss you',
       'console', n::text, 1, at, at, at
FROM (
    SELECT n, $2::timestamptz - (n % 43200) * interval '1 minute' AS at
    FROM generate_series(1, $1::integer) AS n
) AS mail
