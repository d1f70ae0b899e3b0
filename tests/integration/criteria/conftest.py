"""The judge of the property tests, here for examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.property.criteria.judge import Judge, open_judge

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def judge(server: str) -> Iterator[Judge]:
    """Evaluates trees on PostgreSQL."""
    with open_judge(server) as opened:
        yield opened
