-- Store merged contacts whose lock the caller holds.
UPDATE contacts
SET email = changed.email, properties = changed.properties, updated_at = $4
FROM unnest($1::text[], $2::text[], $3::jsonb[]) AS changed (user_id, email, properties)
WHERE contacts.user_id = changed.user_id
