-- Remove what is noted about a user's skipped enrolments. The caller holds the contact lock.
DELETE FROM journey_skips WHERE user_id = $1
