-- A user as a recipient: their contact, if there is one, and whether they take such mail.
SELECT
    contacts.email,
    contacts.properties,
    preferences.unsubscribed_at IS NOT NULL AS unsubscribed,
    coalesce(preferences.categories ? $2::text, false) AS unsubscribed_from_category
FROM (SELECT $1::text AS user_id) AS wanted
LEFT JOIN contacts USING (user_id)
LEFT JOIN email_preferences AS preferences USING (user_id)
