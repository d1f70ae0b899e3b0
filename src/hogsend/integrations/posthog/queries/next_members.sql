-- The next members of a bucket behind $2.
SELECT user_id
FROM bucket_memberships
WHERE bucket_id = $1 AND status = 'active' AND user_id > $2
ORDER BY user_id
LIMIT $3
