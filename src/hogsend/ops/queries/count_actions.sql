-- How many entries the audit log has.
SELECT count(*) FROM audit_logs
