-- How many timers of bucket $1 are due by each of the instants $2, of members and of others; the
-- first $3 of them.
WITH due AS MATERIALIZED (
    SELECT user_id, due_at
    FROM bucket_timers
    WHERE bucket_id = $1 AND due_at <= (SELECT max(at) FROM unnest($2::timestamptz[]) AS asked (at))
    ORDER BY due_at
    LIMIT $3
), timed AS MATERIALIZED (
    SELECT due.due_at, EXISTS (
        SELECT FROM bucket_memberships AS stay
        WHERE stay.bucket_id = $1 AND stay.user_id = due.user_id AND stay.status = 'active'
    ) AS member
    FROM due
)
SELECT count(*) FILTER (WHERE timed.member) AS members,
       count(*) FILTER (WHERE NOT timed.member) AS others
FROM unnest($2::timestamptz[]) WITH ORDINALITY AS asked (at, place)
LEFT JOIN timed ON timed.due_at <= asked.at
GROUP BY asked.place, asked.at
ORDER BY asked.place
