-- Note which buckets the code defines; what operators decided about them stays.
INSERT INTO bucket_configs (bucket_id, name, updated_at)
SELECT bucket_id, name, $3 FROM unnest($1::text[], $2::text[]) AS defined (bucket_id, name)
ON CONFLICT (bucket_id) DO UPDATE SET name = excluded.name, retired_at = NULL, updated_at = $3
WHERE (bucket_configs.name, bucket_configs.retired_at) IS DISTINCT FROM (excluded.name, NULL)
