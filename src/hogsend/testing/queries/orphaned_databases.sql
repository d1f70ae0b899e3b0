-- Databases named <prefix><number, 8 hex digits>_<serial> whose number no connection of the server
-- holds as an advisory lock ($2, number), in whichever database it was taken.
WITH named AS (
    SELECT datname::text AS name, substring(datname FROM length($1::text) + 1 FOR 8) AS digits
    FROM pg_database
    WHERE datname ~ ('^' || $1 || '[0-9a-f]{8}_[0-9]+$')
)
SELECT name
FROM named
WHERE NOT EXISTS (
    SELECT
    FROM pg_locks
    WHERE locktype = 'advisory' AND classid = $2::integer::oid AND objsubid = 2
      AND lpad(to_hex(objid::bigint), 8, '0') = digits
)
ORDER BY name
