-- How many mails of a user there are, in a state if one is named.
SELECT count(*) FROM email_sends WHERE user_id = $2 AND ($1::text IS NULL OR status = $1)
