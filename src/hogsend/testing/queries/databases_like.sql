-- The databases whose name matches a regular expression.
SELECT datname::text AS name FROM pg_database WHERE datname ~ $1 ORDER BY datname
