-- Store what buckets now follow from. The caller holds the rows' locks.
UPDATE bucket_configs
SET name = adopted.name, fingerprint = adopted.fingerprint, schedule = adopted.schedule,
    criteria = adopted.criteria,
    paused = adopted.paused, generation = adopted.generation, retired_at = NULL,
    seen_at = $7, updated_at = $7
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::integer[], $8::text[]
) AS adopted (bucket_id, name, fingerprint, schedule, paused, generation, criteria)
WHERE bucket_configs.bucket_id = adopted.bucket_id
