"""What the side navigation leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of it.

    Attributes:
        area: What a page sets to be shown as being here.
        path: Below Studio's own; the overview's is empty.
        icon: Of ``icons.html``.
    """

    area: str
    label: str
    path: str
    icon: str


NAVIGATION: Final = (
    Entry(area="overview", label="Overview", path="/", icon="overview"),
    Entry(area="buckets", label="Buckets", path="/buckets", icon="buckets"),
    Entry(area="people", label="People", path="/people", icon="people"),
    Entry(area="journeys", label="Journeys", path="/journeys", icon="journeys"),
    Entry(area="events", label="Events", path="/events", icon="events"),
    Entry(area="mail", label="Mail", path="/mail", icon="mail"),
    Entry(area="jobs", label="Jobs", path="/jobs", icon="jobs"),
    Entry(area="audit", label="Audit log", path="/audit", icon="audit"),
)
