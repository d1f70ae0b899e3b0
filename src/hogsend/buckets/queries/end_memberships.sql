-- End the active memberships of a user who is being deleted. The caller holds the contact lock.
UPDATE bucket_memberships
SET status = 'left', reason = 'deleted', left_at = greatest($2, entered_at), expires_at = NULL,
    last_evaluated_at = $2
WHERE user_id = $1 AND status = 'active'
