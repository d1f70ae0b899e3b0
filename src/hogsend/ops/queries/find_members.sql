-- The stays in bucket $1, of status $3, of people whose user id or mail address begins with $2; the
-- first $4 in order of user id. Present members by id are read in the bucket's own index; all others
-- by way of the first $5 contacts that begin so. Ranges instead of LIKE, for the indexes.
WITH present AS MATERIALIZED (
    SELECT user_id
    FROM bucket_memberships
    WHERE bucket_id = $1 AND status = 'active' AND $3::text = 'active'
      AND user_id >= $2 AND user_id < ($2 || chr(1114111))
    ORDER BY user_id
    LIMIT $4
), known AS MATERIALIZED (
    (SELECT user_id
     FROM contacts
     WHERE $3::text = 'left' AND user_id >= $2 AND user_id < ($2 || chr(1114111))
     ORDER BY user_id
     LIMIT $5)
    UNION
    (SELECT user_id
     FROM contacts
     WHERE email IS NOT NULL
       AND lower(email) ~>=~ lower($2) AND lower(email) ~<~ (lower($2) || chr(1114111))
     LIMIT $5)
), found AS (
    SELECT user_id FROM present UNION SELECT user_id FROM known
)
SELECT
    stay.id, stay.user_id, contact.email AS user_email, stay.bucket_id, stay.status,
    stay.entered_at, stay.left_at, stay.expires_at, stay.last_evaluated_at, stay.entry_count,
    stay.source, stay.reason, stay.context,
    stay.entered_at AS created_at, stay.last_evaluated_at AS updated_at
FROM found
JOIN bucket_memberships AS stay
    ON stay.user_id = found.user_id AND stay.bucket_id = $1 AND stay.status = $3
LEFT JOIN contacts AS contact ON contact.user_id = stay.user_id
ORDER BY stay.user_id, stay.entry_count DESC
LIMIT $4
