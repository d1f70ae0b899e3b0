-- Take a lease for a scheduled instant that nobody has worked on, or prolong it. It is ours if the
-- row comes back.
INSERT INTO leases (name, holder, expires_at, tick)
VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, expires_at = excluded.expires_at, tick = excluded.tick
WHERE (leases.holder = excluded.holder AND leases.tick = excluded.tick)
   OR (leases.tick < excluded.tick AND leases.expires_at <= $5)
RETURNING name
