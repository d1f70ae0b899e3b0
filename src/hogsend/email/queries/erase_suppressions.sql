-- Forget a user's bad addresses. The caller holds the user's contact lock.
DELETE FROM email_suppressions WHERE user_id = $1
