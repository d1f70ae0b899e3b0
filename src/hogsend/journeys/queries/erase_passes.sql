-- Remove what throttles noted about a user. The caller holds the contact lock.
DELETE FROM journey_passes WHERE user_id = $1
