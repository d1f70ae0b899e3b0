"""Settings are read from the environment, and wrong ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from hogsend.errors import ConfigurationError
from hogsend.settings import Settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_nothing_needs_to_be_set() -> None:
    """Without any variable an embedded database under ``.hogsend`` is used."""
    settings = Settings()
    assert settings.database_url is None
    assert settings.hogsend_home == Path(".hogsend")
    assert (settings.port, settings.log_level) == (3002, "info")
    assert settings.enabled_buckets is None


def test_empty_means_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to nothing, as in ``DATABASE_URL= make demo``, is not set."""
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("PORT", "")
    assert Settings().database_url is None
    assert Settings().port == 3002


@pytest.mark.parametrize(
    ("text", "ids"),
    [("*", None), (" * ", None), ("a", {"a"}), ("a, b,,c", {"a", "b", "c"})],
)
def test_ids_are_a_star_or_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch, text: str, ids: set[str] | None
) -> None:
    """``*`` is all; blanks around commas do not matter."""
    monkeypatch.setenv("ENABLED_BUCKETS", text)
    assert Settings().enabled_buckets == ids


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password in the URL is not in what is printed."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hush@db/x")
    settings = Settings()
    assert "hush" not in f"{settings} {settings!r} {settings.model_dump()}"
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://me:hush@db/x"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DATABASE_URL", "mysql://me:hush@db/x", "DATABASE_URL: .*postgresql://"),
        ("DATABASE_URL", "db.example.com", "DATABASE_URL: .*postgresql://"),
        ("PORT", "http", "PORT: .*integer"),
        ("PORT", "70000", "PORT: .*65535"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: .*'debug', 'info'"),
        ("STATEMENT_CACHE_SIZE", "-1", "STATEMENT_CACHE_SIZE: .*greater than or equal to 0"),
    ],
)
def test_wrong_values_are_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    """The error names the variable and what it may be, without showing a secret."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=message) as caught:
        Settings()
    assert "hush" not in str(caught.value)


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to correct one variable after the other."""
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("LOG_LEVEL", "x")
    with pytest.raises(ConfigurationError, match=r"(?s)PORT.*LOG_LEVEL"):
        Settings()


def test_log_level_may_be_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """As most people write it."""
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    assert Settings().log_level == "debug"
