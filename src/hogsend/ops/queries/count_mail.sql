-- How many mails there are, in a state if one is named.
SELECT coalesce(sum(amount), 0)::bigint
FROM tally_totals
WHERE measure IN ('mail.sending', 'mail.sent', 'mail.failed', 'mail.suppressed', 'mail.bounced',
                  'mail.complained')
  AND ($1::text IS NULL OR measure = 'mail.' || $1)
