-- Of the contacts behind the user id $2, up to $11: those about whom something is to be done. Takes
-- no locks.
WITH /* judge */
SELECT array_agg(user_id ORDER BY user_id)
FROM work
WHERE joins OR leaves OR arms OR disarms OR stays_for_ever
