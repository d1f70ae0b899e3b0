"""The names that the application and this code have to agree on, written once."""

from typing import Final

# Events.
SIGNED_UP: Final = "user.signed_up"
ACTIVE: Final = "app.active"
FEATURE_USED: Final = "feature.used"

# Properties of contacts.
PLAN: Final = "plan"
TRIAL_ENDS_AT: Final = "trial_ends_at"
