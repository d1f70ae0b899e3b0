-- A page of a bucket's stays, newest first; $2 a status, or NULL for all. The page is found in the
-- two indexes alone, which a plan for any $2 can only use when each status stands there literally;
-- and each is read in order, for the two to be merged and not sorted.
WITH page AS MATERIALIZED (
    SELECT user_id, entry_count
    FROM (
        (SELECT user_id, entry_count, entered_at
         FROM bucket_memberships
         WHERE bucket_id = $1 AND status = 'active' AND $2::text IS DISTINCT FROM 'left'
         ORDER BY entered_at DESC, user_id DESC, entry_count DESC
         LIMIT $3::bigint + $4::bigint)
        UNION ALL
        (SELECT user_id, entry_count, entered_at
         FROM bucket_memberships
         WHERE bucket_id = $1 AND status = 'left' AND $2::text IS DISTINCT FROM 'active'
         ORDER BY entered_at DESC, user_id DESC, entry_count DESC
         LIMIT $3::bigint + $4::bigint)
    ) AS stay
    ORDER BY entered_at DESC, user_id DESC, entry_count DESC
    LIMIT $3 OFFSET $4
)
SELECT
    stay.id, stay.user_id, contact.email AS user_email, stay.bucket_id, stay.status,
    stay.entered_at, stay.left_at, stay.expires_at, stay.last_evaluated_at, stay.entry_count,
    stay.source, stay.reason, stay.context,
    stay.entered_at AS created_at, stay.last_evaluated_at AS updated_at
FROM page
JOIN bucket_memberships AS stay
    ON stay.user_id = page.user_id AND stay.bucket_id = $1 AND stay.entry_count = page.entry_count
LEFT JOIN contacts AS contact ON contact.user_id = stay.user_id
ORDER BY stay.entered_at DESC, stay.user_id DESC, stay.entry_count DESC
