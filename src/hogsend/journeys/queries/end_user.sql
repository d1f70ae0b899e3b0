-- End the runs of a user who is being deleted. The caller holds the contact lock.
UPDATE journey_states
SET status = 'exited', exit_reason = 'deleted', finished_at = $2, updated_at = $2,
    wake_at = NULL, waits_for = NULL, waits_where = NULL, wake_event = NULL,
    holder = NULL, lease_expires_at = NULL, epoch = epoch + 1
WHERE user_id = $1 AND finished_at IS NULL
