-- How many mails there are, in a state if one is named.
SELECT count(*) FROM email_sends WHERE $1::text IS NULL OR status = $1
