-- An audit of the bucket is done; so many memberships had to be repaired.
UPDATE bucket_configs SET audited_at = $2, drift = drift + $3 WHERE bucket_id = $1
