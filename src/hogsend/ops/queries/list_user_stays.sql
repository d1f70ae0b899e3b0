-- The stays of one user, newest first; $2 a bucket and $3 a status, or NULL for all.
SELECT
    stay.id, stay.user_id, contact.email AS user_email, stay.bucket_id, stay.status,
    stay.entered_at, stay.left_at, stay.expires_at, stay.last_evaluated_at, stay.entry_count,
    stay.source, stay.reason, stay.context,
    stay.entered_at AS created_at, stay.last_evaluated_at AS updated_at
FROM bucket_memberships AS stay
LEFT JOIN contacts AS contact ON contact.user_id = stay.user_id
WHERE stay.user_id = $1
  AND ($2::text IS NULL OR stay.bucket_id = $2)
  AND ($3::text IS NULL OR stay.status = $3)
ORDER BY stay.entered_at DESC, stay.bucket_id, stay.entry_count DESC
