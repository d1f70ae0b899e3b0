-- Mails that were made from $1 to before $2, which are whole hours, by template and by what became
-- of them.
SELECT
    id AS template,
    sum(amount)::bigint AS total,
    coalesce(sum(amount) FILTER (WHERE measure = 'mail.sending'), 0)::bigint AS sending,
    coalesce(sum(amount) FILTER (WHERE measure = 'mail.sent'), 0)::bigint AS sent,
    coalesce(sum(amount) FILTER (WHERE measure = 'mail.failed'), 0)::bigint AS failed,
    coalesce(sum(amount) FILTER (WHERE measure = 'mail.suppressed'), 0)::bigint AS suppressed,
    coalesce(sum(amount) FILTER (WHERE measure = 'mail.bounced'), 0)::bigint AS bounced,
    coalesce(sum(amount) FILTER (WHERE measure = 'mail.complained'), 0)::bigint AS complained
FROM tally_hours
WHERE measure IN ('mail.sending', 'mail.sent', 'mail.failed', 'mail.suppressed', 'mail.bounced',
                  'mail.complained')
  AND hour >= $1 AND hour < $2
GROUP BY id
HAVING sum(amount) > 0
ORDER BY id
