-- Remove all runs of a user. The caller holds the contact lock.
DELETE FROM journey_states WHERE user_id = $1
