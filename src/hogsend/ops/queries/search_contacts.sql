-- A page of the contacts whose user id or mail address begins with $1, in order of user id.
-- Ranges instead of LIKE, which an unknown pattern keeps from using an index. $4 bounds each side.
WITH found AS MATERIALIZED (
    (SELECT user_id
     FROM contacts
     WHERE user_id >= $1 AND user_id < ($1 || chr(1114111))
     ORDER BY user_id
     LIMIT $4 + 1)
    UNION
    (SELECT user_id
     FROM contacts
     WHERE email IS NOT NULL
       AND lower(email) ~>=~ lower($1) AND lower(email) ~<~ (lower($1) || chr(1114111))
     LIMIT $4 + 1)
), page AS (
    SELECT user_id FROM found ORDER BY user_id LIMIT $2 OFFSET $3
)
SELECT user_id, email, properties, created_at, updated_at
FROM page
JOIN contacts USING (user_id)
ORDER BY user_id
