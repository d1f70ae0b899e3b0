-- Remove all timers of a user. The caller holds the contact lock.
DELETE FROM bucket_timers WHERE user_id = $1
