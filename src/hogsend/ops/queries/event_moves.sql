-- Events by periods of length $2, which are whole hours, from $3 to before $4: those named $1, or
-- (NULL) all that clients sent.
SELECT date_bin($2, hour, $3) AS date, sum(amount)::bigint AS count
FROM (
    SELECT hour, amount
    FROM tally_hours
    WHERE $1::text IS NULL AND measure = 'event' AND hour >= $3 AND hour < $4
    UNION ALL
    SELECT hour, amount
    FROM tally_hours
    WHERE measure IN ('event', 'event.transition') AND id = $1 AND hour >= $3 AND hour < $4
) AS counted
GROUP BY 1
HAVING sum(amount) > 0
