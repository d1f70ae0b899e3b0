-- Lock contacts without reading them. Lock order: user_id, ascending.
SELECT array_agg(user_id)
FROM (
    SELECT user_id FROM contacts WHERE user_id = ANY($1::text::text[]) ORDER BY user_id FOR UPDATE
) AS held
