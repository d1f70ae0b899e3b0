-- Runs that are due at one instant go on in the order of their start.
DROP INDEX journey_states_due;
CREATE INDEX journey_states_due ON journey_states (journey_id, wake_at, id)
    WHERE finished_at IS NULL;

-- How often ctx.throttle let a user pass: one row each, by the call that passed.
CREATE TABLE journey_passes (
    user_id  text COLLATE "C" NOT NULL,
    key      text COLLATE "C" NOT NULL,
    call     text COLLATE "C" NOT NULL,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key, call)
);
