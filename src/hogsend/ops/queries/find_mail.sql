-- One mail with everything.
SELECT * FROM email_sends WHERE id = $1
