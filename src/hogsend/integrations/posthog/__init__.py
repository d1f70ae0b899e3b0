"""Memberships as person properties in PostHog."""
