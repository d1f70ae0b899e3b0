-- How many events of user $1 `list_user_events` would list; stops soon after $5.
SELECT count(*)
FROM (
    SELECT
    FROM user_events
    WHERE user_id = $1
      AND ($2::text IS NULL OR event = $2)
      AND occurred_at >= coalesce($3::timestamptz, '-infinity')
      AND occurred_at < coalesce($4::timestamptz, 'infinity')
    LIMIT $5::bigint + 1
) AS counted
