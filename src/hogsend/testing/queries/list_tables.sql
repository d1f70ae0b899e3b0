-- The tables of the engine, but for the one that tells the schema's version.
SELECT quote_ident(tablename) AS name
FROM pg_tables
WHERE schemaname = current_schema() AND tablename <> $1
ORDER BY tablename
