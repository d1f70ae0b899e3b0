-- Of the next $11 contacts behind the user id $2: the last one's id, how many there are, and those
-- about whom something is to be done. Takes no locks.
WITH /* judge */
SELECT (SELECT max(user_id) FROM person) AS last,
       (SELECT count(*) FROM person) AS people,
       (SELECT array_agg(user_id ORDER BY user_id)
        FROM work
        WHERE joins OR leaves OR arms OR disarms OR stays_for_ever) AS candidates
