-- What happened after $1 until $2, by minutes counted from $1: events of clients, and transitions
-- (named $3). Index-only scans by name, newest first, that share $4 rows: the cost has a bound.
WITH named AS (
    SELECT id AS event, false AS transition
    FROM tally_hours
    WHERE measure = 'event' AND hour >= date_trunc('hour', $1::timestamptz, 'UTC')
    GROUP BY id
    UNION ALL
    SELECT name, true FROM unnest($3::text[]) AS given (name)
), share AS (
    SELECT greatest($4::bigint / count(*), 1) AS rows FROM named
)
SELECT floor(extract(epoch FROM happened.occurred_at - $1) / 60)::integer AS minute,
       count(*) FILTER (WHERE NOT named.transition) AS events,
       count(*) FILTER (WHERE named.transition) AS transitions,
       bool_or(happened.place >= share.rows) AS capped
FROM share
CROSS JOIN named
CROSS JOIN LATERAL (
    SELECT occurred_at, row_number() OVER (ORDER BY occurred_at DESC) AS place
    FROM user_events
    WHERE event = named.event AND occurred_at >= $1 AND occurred_at < $2
    ORDER BY occurred_at DESC
    LIMIT share.rows
) AS happened
GROUP BY 1
