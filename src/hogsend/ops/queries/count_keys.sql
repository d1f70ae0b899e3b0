-- How many keys there ever were.
SELECT count(*) FROM api_keys
