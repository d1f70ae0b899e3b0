-- Tables in which dead rows have piled up: more than $1, and more than a fifth of the living.
SELECT relname, n_dead_tup, n_live_tup
FROM pg_stat_user_tables
WHERE schemaname = current_schema() AND n_dead_tup > $1::bigint AND n_dead_tup > n_live_tup / 5
ORDER BY n_dead_tup DESC
