-- A secret by name.
SELECT value FROM secrets WHERE name = $1
