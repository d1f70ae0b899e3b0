-- How many contacts there are.
SELECT count(*) FROM contacts
