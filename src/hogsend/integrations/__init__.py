"""What connects the engine to other tools: the outbox, PostHog, and webhooks."""
