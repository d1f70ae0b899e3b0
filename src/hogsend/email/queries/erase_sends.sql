-- Remove all mail of a user. The caller holds the user's contact lock.
DELETE FROM email_sends WHERE user_id = $1
