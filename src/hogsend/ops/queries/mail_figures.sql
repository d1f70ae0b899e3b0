-- Mails that were made from $1 to before $2, by template and by what became of them.
SELECT
    template,
    count(*) AS total,
    count(*) FILTER (WHERE status = 'sending') AS sending,
    count(*) FILTER (WHERE status = 'sent') AS sent,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'suppressed') AS suppressed,
    count(*) FILTER (WHERE status = 'bounced') AS bounced,
    count(*) FILTER (WHERE status = 'complained') AS complained
FROM email_sends
WHERE created_at >= $1 AND created_at < $2
GROUP BY template
ORDER BY template
