-- Note what an operator did.
INSERT INTO audit_logs (id, at, actor, action, target, detail) VALUES ($1, $2, $3, $4, $5, $6)
