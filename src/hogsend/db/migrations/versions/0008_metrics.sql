-- For the operators' numbers: mail and runs by time.
CREATE INDEX email_sends_created_at ON email_sends (created_at);
CREATE INDEX email_sends_sent_at ON email_sends (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX journey_states_created_at ON journey_states (created_at);
