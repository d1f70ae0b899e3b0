-- The oldest contact of each (lower case) mail address.
SELECT DISTINCT ON (lower(email)) lower(email) AS email, user_id
FROM contacts
WHERE lower(email) = ANY($1::text[])
ORDER BY lower(email), created_at, user_id
