-- How many people a job has to walk past.
SELECT count(*) FROM contacts
