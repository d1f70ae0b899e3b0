-- Every journey that there is or was.
SELECT journey_id, name FROM journey_configs ORDER BY journey_id
