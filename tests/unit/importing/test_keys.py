"""Lines without an idempotency key get one that is the same next time."""

from __future__ import annotations

import random

from hogsend.events.importing.keys import LineKeys

SALT = b"salt"


def keys_of(lines, salt=SALT):
    size = sum(map(len, lines))
    keys = LineKeys.scan(salt, lines, size)
    return [keys.key(line) for line in lines]


def test_identical_lines_have_different_keys():
    """Two identical purchases are two events."""
    keys = keys_of([b"a", b"b", b"a", b"a"])
    assert len(set(keys)) == 4


def test_the_same_file_has_the_same_keys():
    """Importing again finds everything known."""
    lines = [b"a", b"b", b"a"]
    assert keys_of(lines) == keys_of(lines)


def test_appended_lines_leave_the_other_keys_alone():
    """A file that has grown stores only what is new, also where a line is repeated."""
    lines = [b"a", b"b", b"a"]
    assert keys_of([*lines, b"c", b"b"])[:3] == keys_of(lines)


def test_mended_lines_leave_the_other_keys_alone():
    """Correcting a refused line does not store its neighbours again."""
    before, after = keys_of([b"a", b"broken", b"a"]), keys_of([b"a", b"mended", b"a"])
    assert (before[0], before[2]) == (after[0], after[2])


def test_another_header_gives_other_keys():
    """The same bytes under other columns are other events."""
    assert keys_of([b"a"], b"one")[0] != keys_of([b"a"], b"two")[0]


def test_the_filter_forgets_no_repetition():
    """However full the filter, no two lines of a file share a key."""
    source = random.Random(7)
    lines = [b"%d" % source.randrange(30_000) for _ in range(40_000)]
    assert len(set(keys_of(lines))) == len(lines)
    crowded = LineKeys.scan(SALT, lines, file_bytes=0)
    assert len({crowded.key(line) for line in lines}) == len(lines)
