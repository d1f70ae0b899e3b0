-- Remove a contact whose lock the caller holds.
DELETE FROM contacts WHERE user_id = $1
