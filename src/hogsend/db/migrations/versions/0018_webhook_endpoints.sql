-- Who is told by webhook, and of what. Small and the same everywhere; not distributed.
CREATE TABLE webhook_endpoints (
    id          uuid PRIMARY KEY,
    url         text NOT NULL,
    topics      text[] NOT NULL,
    description text NOT NULL DEFAULT '',
    secret      bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    CONSTRAINT webhook_endpoints_topics_some CHECK (cardinality(topics) > 0)
);

-- What became of each attempt to deliver a webhook.
CREATE TABLE webhook_attempts (
    user_id     text COLLATE "C" NOT NULL,
    endpoint_id uuid NOT NULL,
    id          uuid NOT NULL,
    message_id  uuid NOT NULL,
    topic       text NOT NULL,
    status      integer,
    error       text,
    took_ms     integer NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (user_id, endpoint_id, id)
);

CREATE INDEX webhook_attempts_endpoint ON webhook_attempts (endpoint_id, id);
CREATE INDEX webhook_attempts_at ON webhook_attempts (at);
