-- Enable or disable a journey whatever the code says; NULL follows the code again.
UPDATE journey_configs SET enabled = $2, updated_at = $3 WHERE journey_id = $1 RETURNING journey_id
