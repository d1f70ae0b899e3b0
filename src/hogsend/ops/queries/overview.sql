-- Totals of all time, and the members of the buckets $1.
SELECT
    coalesce(sum(amount) FILTER (WHERE measure = 'contact'), 0)::bigint AS contacts,
    coalesce(sum(amount) FILTER (WHERE measure = 'run'), 0)::bigint AS journeys,
    coalesce(sum(amount) FILTER (WHERE measure = 'mail'), 0)::bigint AS emails,
    coalesce(sum(amount) FILTER (WHERE measure IN ('run.active', 'run.waiting')), 0)::bigint
        AS active_runs,
    coalesce(sum(
        CASE measure WHEN 'stay.entered' THEN amount WHEN 'stay.left' THEN -amount END
    ) FILTER (WHERE id = ANY($1::text[])), 0)::bigint AS bucket_members
FROM tally_totals
WHERE measure IN
    ('contact', 'run', 'run.active', 'run.waiting', 'mail', 'stay.entered', 'stay.left')
