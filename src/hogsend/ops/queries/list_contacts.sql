-- A page of all contacts, in order of user id.
SELECT user_id, email, properties, created_at, updated_at
FROM contacts
ORDER BY user_id
LIMIT $1 OFFSET $2
