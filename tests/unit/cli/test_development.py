"""The key of `hogsend dev`: one for this machine, which nobody else can read."""

from __future__ import annotations

import stat

from pydantic import SecretStr

from hogsend.app.client import create_client
from hogsend.cli.development import open_for_development
from hogsend.settings import Settings


def key_of(client):
    return client.settings.admin_api_key.get_secret_value()


def test_the_key_is_made_once_and_private(tmp_path):
    """Only its owner reads it; the next start finds the same."""
    first, second = (create_client(settings=Settings(hogsend_home=tmp_path)) for _ in range(2))
    shown = [open_for_development(client) for client in (first, second)]
    path = tmp_path / "dev" / "key"
    assert shown == [f"$(cat {path})"] * 2
    assert key_of(first) == key_of(second) == path.read_text().strip()
    assert len(key_of(first)) > 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_a_key_of_the_environment_is_the_one(tmp_path):
    """Then nothing is made."""
    settings = Settings(hogsend_home=tmp_path, admin_api_key=SecretStr("mine"))
    client = create_client(settings=settings)
    assert open_for_development(client) == "$ADMIN_API_KEY"
    assert key_of(client) == "mine"
    assert not (tmp_path / "dev").exists()
