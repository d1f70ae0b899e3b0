-- Those of these people ($1) who joined the bucket silently at $3, in this transaction.
SELECT user_id
FROM bucket_memberships
WHERE bucket_id = $2 AND user_id = ANY($1::text::text[]) AND status = 'active'
  AND source = 'backfill' AND last_evaluated_at = $3 AND entered_at >= $3
ORDER BY user_id
