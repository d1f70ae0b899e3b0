-- Enable or disable a bucket whatever the code says; NULL follows the code again.
UPDATE bucket_configs SET enabled = $2, updated_at = $3 WHERE bucket_id = $1 RETURNING bucket_id
