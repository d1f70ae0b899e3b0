-- Create contacts, and lock those that another transaction created first (DO UPDATE takes the
-- row lock even where its WHERE is false; no new row version is written).
-- Lock order: user_id, ascending (the caller sorts). Returns the rows that are new, and whether the
-- log knows them from before: those were deleted, not erased.
INSERT INTO contacts (user_id, created_at, updated_at)
SELECT user_id, $2, $2
FROM unnest($1::text[]) AS missing (user_id)
ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id WHERE false
RETURNING user_id,
    EXISTS (SELECT FROM user_events AS event WHERE event.user_id = contacts.user_id) AS returned
