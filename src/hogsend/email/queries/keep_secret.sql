-- Keep a new secret, unless there is one of that name.
INSERT INTO secrets (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING
