-- Forget what a user wants. The caller holds the user's contact lock.
DELETE FROM email_preferences WHERE user_id = $1
