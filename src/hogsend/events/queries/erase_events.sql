-- Remove all events of a user, transitions included. The caller holds the user's contact lock.
DELETE FROM user_events WHERE user_id = $1
