-- Which of these buckets ($2) a contact left at $3 because of being deleted.
SELECT bucket_id
FROM bucket_memberships
WHERE user_id = $1 AND bucket_id = ANY($2::text[]) AND reason = 'deleted' AND last_evaluated_at = $3
ORDER BY bucket_id
