-- Whether so many rows ($2) wait for this destination.
SELECT EXISTS (
    SELECT FROM outbox WHERE destination = $1 AND due_at IS NOT NULL OFFSET $2::integer LIMIT 1
)
