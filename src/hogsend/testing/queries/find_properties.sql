-- A contact's properties.
SELECT properties FROM contacts WHERE user_id = $1
