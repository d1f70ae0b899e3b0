"""What the document cannot say: events do not come from the future."""

from __future__ import annotations

from datetime import UTC, datetime

import schemathesis
from hypothesis import strategies as st

schemathesis.openapi.format(
    "date-time",
    st.datetimes(
        min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - the zone follows
        max_value=datetime(2026, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ).map(datetime.isoformat),
)
