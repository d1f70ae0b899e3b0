-- How many mails a user was sent since an instant, those that they asked for aside.
SELECT count(*)
FROM email_sends
WHERE user_id = $1
  AND created_at > $2
  AND status IN ('sending', 'sent', 'bounced', 'complained')
  AND category IS DISTINCT FROM 'transactional'
