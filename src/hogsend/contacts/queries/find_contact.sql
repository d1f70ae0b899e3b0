-- A contact by id, without locking.
SELECT user_id, email, properties, awaits FROM contacts WHERE user_id = $1
