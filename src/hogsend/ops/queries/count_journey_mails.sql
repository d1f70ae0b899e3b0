-- How many mails each journey has sent.
SELECT journey_id, count(*) AS count
FROM email_sends
WHERE journey_id = ANY($1::text[]) AND sent_at IS NOT NULL
GROUP BY journey_id
