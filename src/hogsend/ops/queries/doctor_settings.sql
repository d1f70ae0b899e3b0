-- The server's settings that matter to us.
SELECT name, setting
FROM pg_settings
WHERE name IN (
    'synchronous_commit', 'fsync', 'full_page_writes', 'autovacuum', 'max_connections',
    'max_prepared_transactions', 'TimeZone'
)
