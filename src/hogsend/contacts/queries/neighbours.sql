-- The ids before and after one that nobody has, at most $2 each way; two scans of the primary key.
(SELECT user_id FROM contacts WHERE user_id < $1 ORDER BY user_id DESC LIMIT $2)
UNION ALL
(SELECT user_id FROM contacts WHERE user_id > $1 ORDER BY user_id LIMIT $2)
