-- A page of the stays that last in bucket $1, behind the user id $2, in order of user id.
SELECT
    stay.id, stay.user_id, contact.email AS user_email, stay.bucket_id, stay.status,
    stay.entered_at, stay.left_at, stay.expires_at, stay.last_evaluated_at, stay.entry_count,
    stay.source, stay.reason, stay.context,
    stay.entered_at AS created_at, stay.last_evaluated_at AS updated_at
FROM bucket_memberships AS stay
LEFT JOIN contacts AS contact ON contact.user_id = stay.user_id
WHERE stay.bucket_id = $1 AND stay.status = 'active' AND stay.user_id > $2
ORDER BY stay.user_id
LIMIT $3 OFFSET $4
