-- Whether there is a database of a name.
SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)
