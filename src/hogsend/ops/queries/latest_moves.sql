-- The latest joins and leaves, newest first. Reads all stays: for small databases.
SELECT bucket_id, user_id, coalesce(left_at, entered_at) AS at, left_at IS NULL AS joined
FROM bucket_memberships
WHERE bucket_id = ANY($1::text[])
ORDER BY coalesce(left_at, entered_at) DESC, id DESC
LIMIT $2
