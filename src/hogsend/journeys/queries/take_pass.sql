-- Let a call pass if less than $5 others did since $6; one that passed before passes again.
-- The caller holds the contact lock.
WITH forgotten AS (
    DELETE FROM journey_passes WHERE user_id = $1 AND key = $2 AND taken_at <= $6 AND call <> $3
),
taken AS (
    INSERT INTO journey_passes (user_id, key, call, taken_at)
    SELECT $1, $2, $3, $4
    WHERE (SELECT count(*) FROM journey_passes
           WHERE user_id = $1 AND key = $2 AND taken_at > $6) < $5::integer
    ON CONFLICT DO NOTHING
    RETURNING call
)
SELECT EXISTS (SELECT FROM taken)
    OR EXISTS (SELECT FROM journey_passes WHERE user_id = $1 AND key = $2 AND call = $3)
