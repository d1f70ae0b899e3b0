-- Note which buckets there are; of those that are known, everything stays.
INSERT INTO bucket_configs (bucket_id, name, updated_at)
SELECT bucket_id, name, $3 FROM unnest($1::text[], $2::text[]) AS defined (bucket_id, name)
ORDER BY bucket_id
ON CONFLICT (bucket_id) DO NOTHING
