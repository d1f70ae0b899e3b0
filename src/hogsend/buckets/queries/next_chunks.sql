-- The next $3 chunks of $2 contacts each behind a user id: the last id, and how many they are.
SELECT max(user_id) AS last, count(*) AS people
FROM (
    SELECT user_id, (row_number() OVER (ORDER BY user_id) - 1) / $2::integer AS chunk
    FROM contacts
    WHERE user_id > $1
    ORDER BY user_id
    LIMIT $2::integer * $3::integer
) AS next
GROUP BY chunk
ORDER BY chunk
