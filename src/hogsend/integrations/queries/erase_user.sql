-- Remove all that was to be told of a user. The caller holds the user's contact lock.
DELETE FROM outbox WHERE user_id = $1
