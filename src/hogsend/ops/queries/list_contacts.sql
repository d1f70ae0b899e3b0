-- A page of all contacts behind the user id $3 ('' is all), in order of user id.
SELECT user_id, email, properties, created_at, updated_at
FROM contacts
WHERE user_id > $3
ORDER BY user_id
LIMIT $1 OFFSET $2
