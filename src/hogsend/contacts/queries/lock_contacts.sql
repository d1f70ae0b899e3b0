-- Take the write lock of existing contacts and read them as they are once it is held.
-- The row lock is the mutex of everything about a user. Lock order: user_id, ascending.
SELECT user_id, email, properties, awaits
FROM contacts
WHERE user_id = ANY($1::text::text[])
ORDER BY user_id
FOR UPDATE
