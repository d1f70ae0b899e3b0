-- Lock contacts without reading them. Lock order: user_id, ascending.
SELECT count(*)
FROM (
    SELECT FROM contacts WHERE user_id = ANY($1::text::text[]) ORDER BY user_id FOR UPDATE
) AS held
