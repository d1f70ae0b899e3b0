"""What ``hogsend dev`` sees of saved files, and what it says of their plan."""

from __future__ import annotations

import asyncio

import pytest

from hogsend.cli.apps import find_home
from hogsend.cli.reload import describe_changes
from hogsend.cli.watch import Watch


async def saved(watch):
    async with asyncio.timeout(10):
        return await watch.saved()


async def test_saved_files_are_told_once_they_rest(tmp_path):
    """Changed, new and removed ones of an app, together; what is not the app's is left out."""
    for name in ("a.py", "b.py", "c.txt"):
        (tmp_path / name).write_text("1")
    for folder in (".git", "venv", "__pycache__"):
        (tmp_path / folder).mkdir()
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    watch = Watch(tmp_path, every=0.01)
    (tmp_path / "a.py").write_text("22")
    (tmp_path / "b.py").unlink()
    (tmp_path / "emails").mkdir()
    (tmp_path / "emails" / "d.mjml").touch()
    for name in (".git/x.py", "venv/x.py", "__pycache__/x.py", "x.pyc", "notes.md"):
        (tmp_path / name).touch()
    told = await saved(watch)
    assert [str(path.relative_to(tmp_path)) for path in told] == ["a.py", "b.py", "emails/d.mjml"]

    (tmp_path / "a.py").write_text("1")
    assert await saved(watch) == [tmp_path / "a.py"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch.saved(), 0.05)


def bucket(change, joins=0, leaves=0, runs=0, changes=True):
    return {
        "id": "went-dormant",
        "change": change,
        "changes": changes,
        "joins": {"count": joins},
        "leaves": {"count": leaves},
        "exits": [{"journeyId": "win-back", "runs": runs}] if runs else [],
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (bucket("unchanged", changes=False), []),
        (
            bucket("changed", 1200, 14, 2),
            "changed: +1,200 silent joins, 14 leaves would be emitted, 2 runs of win-back end",
        ),
        (bucket("new", 1), "is new: +1 silent join"),
        (
            bucket("rescheduled", 0, 1),
            "changed in its limits or dwell schedules: 1 leave would be emitted",
        ),
        (bucket("changed"), "changed: nobody moves"),
        (
            bucket("removed"),
            "is not in the code any more: its members stay, nobody joins or leaves",
        ),
    ],
)
def test_a_plan_is_told_in_a_line_for_each_bucket_that_changes(given, said):
    """Who joins, silently; who leaves, announced; whose journeys that ends."""
    lines = list(describe_changes({"buckets": [given]}))
    assert lines == ([f"went-dormant {said}"] if said else [])


def test_an_app_is_watched_where_its_files_are(tmp_path, monkeypatch):
    """The directory of a file, the package of a module, or the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "app.py").touch()
    assert str(find_home("sub/app.py:client")) == "sub"
    assert str(find_home("shop.app:client")) == "shop"
    assert str(find_home("elsewhere")) == "."
    assert str(find_home(None)) == "."
