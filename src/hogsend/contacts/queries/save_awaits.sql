-- Note the names of the events that somebody waits for. The caller holds the contacts' locks.
UPDATE contacts
SET awaits = changed.awaits::text[]
FROM unnest($1::text::text[], $2::text::text[]) AS changed (user_id, awaits)
WHERE contacts.user_id = changed.user_id
