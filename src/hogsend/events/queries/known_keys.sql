-- Which of these idempotency keys are in the log already. Under the users' contact locks the
-- answer stays true until the transaction ends.
SELECT user_id, idempotency_key
FROM unnest($1::text[], $2::text[]) AS asked (user_id, idempotency_key)
JOIN user_events USING (user_id, idempotency_key)
