-- A page of the stays that last in bucket $1, behind the user id $2, in order of user id. The page is
-- found first: joined at once, contacts may be read from the first one on, to be merged.
WITH page AS MATERIALIZED (
    SELECT *
    FROM bucket_memberships
    WHERE bucket_id = $1 AND status = 'active' AND user_id > $2
    ORDER BY user_id
    LIMIT $3 OFFSET $4
)
SELECT
    stay.id, stay.user_id, contact.email AS user_email, stay.bucket_id, stay.status,
    stay.entered_at, stay.left_at, stay.expires_at, stay.last_evaluated_at, stay.entry_count,
    stay.source, stay.reason, stay.context,
    stay.entered_at AS created_at, stay.last_evaluated_at AS updated_at
FROM page AS stay
LEFT JOIN contacts AS contact ON contact.user_id = stay.user_id
ORDER BY stay.user_id
