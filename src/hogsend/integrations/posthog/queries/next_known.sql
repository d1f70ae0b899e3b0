-- The next people behind $2 who are or were members of a bucket: along the primary key, each
-- person's first stay.
SELECT user_id
FROM bucket_memberships
WHERE user_id > $2 AND bucket_id = $1 AND entry_count = 1
ORDER BY user_id
LIMIT $3
