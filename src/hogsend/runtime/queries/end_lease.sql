-- Give a lease back; its instant stays noted as worked on.
UPDATE leases SET expires_at = $3 WHERE name = $1 AND holder = $2
