-- Create jobs; where there are no contacts, there is nothing to do. The caller holds the locks of
-- the buckets' configurations, and has ended their live jobs.
INSERT INTO bucket_jobs
    (id, bucket_id, kind, fingerprint, mark, run_after, created_at, status, total, finished_at)
SELECT id, bucket_id, kind, fingerprint, mark, $6, $7::timestamptz,
       CASE WHEN contacts.none THEN 'done' ELSE 'pending' END,
       CASE WHEN contacts.none THEN 0 END,
       CASE WHEN contacts.none THEN $7::timestamptz END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[])
    AS needed (id, bucket_id, kind, fingerprint, mark),
    (SELECT NOT EXISTS (SELECT FROM contacts) AS none) AS contacts
