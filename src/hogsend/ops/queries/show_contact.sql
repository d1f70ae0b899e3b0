-- A contact, and the ids of the buckets they are in.
SELECT
    user_id, email, properties, created_at, updated_at,
    ARRAY(
        SELECT bucket_id
        FROM bucket_memberships AS stay
        WHERE stay.user_id = contact.user_id AND stay.status = 'active'
        ORDER BY bucket_id
    ) AS buckets
FROM contacts AS contact
WHERE user_id = $1
