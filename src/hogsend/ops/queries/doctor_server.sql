-- The server's clock, and how many connections it has.
SELECT clock_timestamp() AS now, (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections
