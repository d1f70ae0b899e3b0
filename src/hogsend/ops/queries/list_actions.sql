-- The audit log, newest first: ids are uuid7.
SELECT id, at, actor, action, target, detail FROM audit_logs ORDER BY id DESC LIMIT $1 OFFSET $2
