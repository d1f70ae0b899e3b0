-- Write what runs did, each under the epoch of its claim; returns those that were ours still.
-- Lock order: by key, as the caller sorts.
UPDATE journey_states AS run
SET journal = CASE WHEN saved.entries IS NULL THEN run.journal ELSE run.journal || saved.entries END,
    status = saved.status,
    wake_at = CASE WHEN saved.finished THEN NULL ELSE coalesce(saved.wake_at, run.wake_at) END,
    waits_for = saved.waits_for,
    waits_where = saved.waits_where,
    wake_event = NULL,
    holder = CASE WHEN saved.kept THEN run.holder END,
    lease_expires_at = CASE WHEN saved.kept THEN run.lease_expires_at END,
    attempts = saved.attempts,
    crashes = CASE WHEN saved.entries IS NULL AND saved.kept THEN run.crashes ELSE 0 END,
    error = saved.error,
    traceback = saved.traceback,
    exit_reason = saved.exit_reason,
    updated_at = saved.at,
    finished_at = CASE WHEN saved.finished THEN saved.at END
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::uuid[], $4::text::integer[], $5::text::jsonb[],
    $6::text::text[], $7::text::timestamptz[], $8::text::text[], $9::text::jsonb[],
    $10::text::boolean[], $11::text::boolean[], $12::text::integer[], $13::text::text[],
    $14::text::text[], $15::text::text[], $16::text::timestamptz[]
) AS saved (user_id, journey_id, id, epoch, entries, status, wake_at, waits_for, waits_where, kept,
            finished, attempts, error, traceback, exit_reason, at)
WHERE run.user_id = saved.user_id AND run.journey_id = saved.journey_id AND run.id = saved.id
  AND run.epoch = saved.epoch AND run.holder IS NOT NULL
RETURNING run.id
