-- 20 members in each of the buckets $1, other people each time, who came over the 20 days before $2.
INSERT INTO bucket_memberships
    (user_id, bucket_id, entry_count, id, status, source, entered_at, last_evaluated_at)
SELECT 'user_' || (20 * bucket.place + n), bucket.id, 1, gen_random_uuid(), 'active', 'event',
       $2::timestamptz - n * interval '1 day', $2
FROM unnest($1::text[]) WITH ORDINALITY AS bucket (id, place)
CROSS JOIN generate_series(1, 20) AS n
