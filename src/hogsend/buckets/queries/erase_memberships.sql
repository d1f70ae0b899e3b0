-- Remove all memberships of a user, past ones included. The caller holds the contact lock.
DELETE FROM bucket_memberships WHERE user_id = $1
