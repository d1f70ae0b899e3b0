-- Let a failed run go on, or one that waits for its next try. The caller holds the contact lock.
UPDATE journey_states
SET status = 'active', wake_at = $4, attempts = 0, finished_at = NULL, updated_at = $4,
    epoch = epoch + 1
WHERE user_id = $1 AND journey_id = $2 AND id = $3 AND holder IS NULL
  AND (status = 'failed' OR (status = 'active' AND attempts > 0))
RETURNING id
