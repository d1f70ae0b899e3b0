-- Mails in the order in which they were put on record: ids are uuid7.
SELECT user_id, journey_id, template, to_address AS "to", subject, html, text, status, reason,
       created_at AS at
FROM email_sends
ORDER BY id
