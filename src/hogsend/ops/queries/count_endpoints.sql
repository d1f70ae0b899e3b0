-- How many webhook endpoints there are.
SELECT count(*) FROM webhook_endpoints WHERE deleted_at IS NULL
