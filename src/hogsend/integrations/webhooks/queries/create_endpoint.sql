-- Add an endpoint.
INSERT INTO webhook_endpoints (id, url, topics, description, secret, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id, url, topics, description, secret, created_at, deleted_at
