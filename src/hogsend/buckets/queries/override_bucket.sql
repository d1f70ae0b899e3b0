-- Enable or disable a bucket whatever the code says; NULL follows the code again. Not evaluated
-- ($3), it has to catch up later. The caller holds the row's lock.
UPDATE bucket_configs
SET enabled = $2, paused = $3, generation = $4, updated_at = $5
WHERE bucket_id = $1
