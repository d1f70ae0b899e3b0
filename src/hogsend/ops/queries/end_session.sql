-- Ends a session, or uses up a link: of two who try at once, one gets the row.
DELETE FROM studio_sessions
WHERE token_hash = $1
  AND kind = $2
  AND expires_at > $3
RETURNING proof
