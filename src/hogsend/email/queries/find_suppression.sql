-- Why an address takes no mail, whoever it belongs to.
SELECT reason FROM email_suppressions WHERE address = lower($1::text) LIMIT 1
