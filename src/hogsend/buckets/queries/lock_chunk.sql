-- Lock the next $2 contacts behind a user id. Lock order: user_id, ascending.
SELECT user_id FROM contacts WHERE user_id > $1 ORDER BY user_id LIMIT $2 FOR UPDATE
