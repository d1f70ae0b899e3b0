-- How many of the latest mails, made since $1, were put on record and carried nowhere.
SELECT count(*) FILTER (WHERE provider = 'console' AND status = 'sent' AND created_at > $1)
FROM (SELECT provider, status, created_at FROM email_sends ORDER BY id DESC LIMIT 1000) AS latest
