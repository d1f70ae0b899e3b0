-- Totals, and those of the time since $1 (a day ago), $2 (a week) and $3 (30 days); the members of
-- the buckets $4. Index-only scans.
SELECT *
FROM
    (SELECT count(*) AS contacts FROM contacts) AS contact,
    (SELECT count(*) FILTER (WHERE created_at >= $1) AS contacts_24h,
            count(*) FILTER (WHERE created_at >= $2) AS contacts_7d,
            count(*) AS contacts_30d
     FROM contacts WHERE created_at >= $3) AS new_contact,
    (SELECT count(*) AS journeys FROM journey_states) AS run,
    (SELECT count(*) FILTER (WHERE created_at >= $1) AS journeys_24h,
            count(*) FILTER (WHERE created_at >= $2) AS journeys_7d,
            count(*) AS journeys_30d
     FROM journey_states WHERE created_at >= $3) AS new_run,
    (SELECT count(*) AS active_runs FROM journey_states WHERE finished_at IS NULL) AS active,
    (SELECT count(*) AS emails FROM email_sends WHERE sent_at IS NOT NULL) AS mail,
    (SELECT count(*) FILTER (WHERE sent_at >= $1) AS emails_24h,
            count(*) FILTER (WHERE sent_at >= $2) AS emails_7d,
            count(*) AS emails_30d
     FROM email_sends WHERE sent_at >= $3) AS new_mail,
    (SELECT count(*) AS bucket_members
     FROM bucket_memberships
     WHERE bucket_id = ANY($4::text[]) AND status = 'active') AS member
