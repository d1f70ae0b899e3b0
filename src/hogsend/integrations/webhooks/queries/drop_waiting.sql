-- Drop what waits for an endpoint, or was given up.
DELETE FROM outbox WHERE destination = $1
