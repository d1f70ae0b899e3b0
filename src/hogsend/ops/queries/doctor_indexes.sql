-- The indexes of this schema, and whether PostgreSQL uses them.
SELECT class.relname, index.indisvalid
FROM pg_index AS index
JOIN pg_class AS class ON class.oid = index.indexrelid
WHERE class.relnamespace = current_schema()::regnamespace
