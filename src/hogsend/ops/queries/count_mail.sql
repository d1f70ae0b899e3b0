-- How many mails there are, of a user or in a state if one is named.
SELECT count(*)
FROM email_sends
WHERE ($1::text IS NULL OR user_id = $1) AND ($2::text IS NULL OR status = $2)
