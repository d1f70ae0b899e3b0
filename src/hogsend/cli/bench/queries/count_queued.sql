-- How many rows wait in the outbox.
SELECT count(*) FROM outbox
