-- Every mail that was to be sent, as it was rendered: one row for each (user, key).
CREATE TABLE email_sends (
    user_id         text COLLATE "C" NOT NULL,
    idempotency_key text COLLATE "C" NOT NULL,
    id              uuid NOT NULL,
    status          text NOT NULL,
    reason          text,
    template        text NOT NULL,
    category        text,
    journey_id      text COLLATE "C",
    from_address    text NOT NULL,
    to_address      text,
    subject         text,
    html            text,
    text            text,
    headers         jsonb NOT NULL DEFAULT '{}',
    provider        text NOT NULL,
    provider_id     text COLLATE "C",
    attempts        integer NOT NULL DEFAULT 0,
    claimed_until   timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    sent_at         timestamptz,
    PRIMARY KEY (user_id, idempotency_key),
    CONSTRAINT email_sends_user_id_present CHECK (user_id <> ''),
    CONSTRAINT email_sends_status_known
        CHECK (status IN ('sending', 'sent', 'failed', 'suppressed', 'bounced', 'complained')),
    CONSTRAINT email_sends_sent_complete CHECK (status <> 'sent' OR sent_at IS NOT NULL),
    CONSTRAINT email_sends_claim_while_sending CHECK (claimed_until IS NULL OR status = 'sending'),
    CONSTRAINT email_sends_rendered
        CHECK (status IN ('failed', 'suppressed')
               OR (to_address IS NOT NULL AND subject IS NOT NULL AND html IS NOT NULL AND text IS NOT NULL))
);

COMMENT ON COLUMN email_sends.claimed_until IS 'while a process hands the mail to the provider';

CREATE INDEX email_sends_id ON email_sends (id);
CREATE INDEX email_sends_user ON email_sends (user_id, created_at);
CREATE INDEX email_sends_provider_id ON email_sends (provider_id) WHERE provider_id IS NOT NULL;

-- What a user wants none of; without a row they take everything.
CREATE TABLE email_preferences (
    user_id         text COLLATE "C" PRIMARY KEY,
    unsubscribed_at timestamptz,
    categories      jsonb NOT NULL DEFAULT '{}',
    updated_at      timestamptz NOT NULL,
    CONSTRAINT email_preferences_categories_object CHECK (jsonb_typeof(categories) = 'object')
);

COMMENT ON COLUMN email_preferences.unsubscribed_at IS 'since when they take nothing but transactional mail';
COMMENT ON COLUMN email_preferences.categories IS 'since when they are unsubscribed from each, as an instant';

-- Addresses that take no mail, whoever it is for.
CREATE TABLE email_suppressions (
    user_id    text COLLATE "C" NOT NULL,
    address    text COLLATE "C" NOT NULL,
    reason     text NOT NULL,
    detail     text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, address),
    CONSTRAINT email_suppressions_address_folded CHECK (address = lower(address)),
    CONSTRAINT email_suppressions_reason_known CHECK (reason IN ('bounced', 'complained', 'manual'))
);

CREATE INDEX email_suppressions_address ON email_suppressions (address);

-- Secrets that this installation made for itself.
CREATE TABLE secrets (
    name       text COLLATE "C" PRIMARY KEY,
    value      bytea NOT NULL,
    created_at timestamptz NOT NULL
);
