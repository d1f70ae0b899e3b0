-- How many contacts `search_contacts` finds; stops soon after $2.
SELECT count(*)
FROM (
    (SELECT user_id
     FROM contacts
     WHERE user_id >= $1 AND user_id < ($1 || chr(1114111))
     LIMIT $2 + 1)
    UNION
    (SELECT user_id
     FROM contacts
     WHERE email IS NOT NULL
       AND lower(email) ~>=~ lower($1) AND lower(email) ~<~ (lower($1) || chr(1114111))
     LIMIT $2 + 1)
) AS found
