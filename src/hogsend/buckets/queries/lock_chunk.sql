-- Lock the contacts behind one user id, up to another. Lock order: user_id, ascending.
SELECT user_id FROM contacts WHERE user_id > $1 AND user_id <= $2 ORDER BY user_id FOR UPDATE
