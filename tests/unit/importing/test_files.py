"""Files become items, a line each; a broken line spoils no other."""

from __future__ import annotations

import math

import pytest

from hogsend.errors import ConfigurationError
from hogsend.events.importing.columns import ColumnOptions
from hogsend.events.importing.files import open_event_file
from hogsend.events.importing.lines import MAX_LINE_BYTES, LineError
from hogsend.events.importing.rejects import Rejects

HEADER = b"user_id,event,properties.note\n"


@pytest.fixture
def read(tmp_path):
    """Writes a file and reads it: an item, or the reason why not, by line number."""

    def read(content: bytes, name="events.csv", **options):
        path = tmp_path / name
        path.write_bytes(content)
        file = open_event_file(path, ColumnOptions(**options))
        results = {}
        for line in file.lines():
            try:
                results[line.number] = file.item(line)
            except LineError as error:
                results[line.number] = str(error)
        return results

    return read


def note(user_id, text):
    return {"userId": user_id, "name": "e", "eventProperties": {"note": text}}


def test_csv_cells_become_fields(read):
    """Text and numbers, by the header."""
    content = b"user_id,event,timestamp,properties.amount,contact.plan\nu,buy,2026-01-01,5,pro\n"
    assert read(content) == {
        2: {
            "userId": "u",
            "name": "buy",
            "timestamp": "2026-01-01",
            "eventProperties": {"amount": 5},
            "contactProperties": {"plan": "pro"},
        }
    }


def test_an_empty_cell_is_no_value(read):
    """Nothing is stored as an empty text."""
    assert read(HEADER + b"u,e,\n") == {2: {"userId": "u", "name": "e"}}


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_text(read):
    """Spreadsheets write both."""
    assert read(b"\xef\xbb\xbfuser_id,event\r\nu,e\r\n") == {2: {"userId": "u", "name": "e"}}


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_recognised_by_the_header(read, delimiter):
    """Semicolons and tabs, as spreadsheets write them."""
    content = "user_id,event,properties.note\nu,e,a b\n".replace(",", delimiter).encode()
    assert read(content) == {2: note("u", "a b")}


def test_blanks_around_cells_are_dropped_and_blank_lines_skipped(read):
    """`a, b` is common; line numbers are those of the file."""
    assert read(HEADER + b"\nu, e, x\n  \nv, e, y\n") == {3: note("u", "x"), 5: note("v", "y")}


def test_a_quoted_cell_may_contain_line_breaks(read):
    """Also blank lines and doubled quotes; the record has its first line's number."""
    content = HEADER + b'u,e,"one\n\n""two"", three"\nv,e,y\n'
    assert read(content) == {2: note("u", 'one\n\n"two", three'), 5: note("v", "y")}


def test_an_open_quote_spoils_only_its_own_line(read):
    """The lines behind it go in, quoted ones included."""
    content = HEADER + b'u,e,"open\nv,e,y\nw,e,"z"\nx,e,"a\nb"\n'
    results = read(content)
    assert "quoted cell is never closed" in results.pop(2)
    assert results == {3: note("v", "y"), 4: note("w", "z"), 5: note("x", "a\nb")}


def test_a_quote_inside_a_cell_is_text(read):
    """As in 5" for a length."""
    assert read(HEADER + b'u,e,5" pipe\nv,e,y\n') == {2: note("u", '5" pipe'), 3: note("v", "y")}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"u,e", "2 cells; the header has 3"),
        (b"u,e,x,y", "4 cells; the header has 3"),
        (b"u,e,\xff", "not UTF-8: byte 0xFF at position 5"),
        (b"u,e,\xed\xa0\x80", "not UTF-8"),
        (b'u,e,"x"y', "not CSV"),
        (b"u,e," + b"x" * 200_000, "field larger than field limit"),
        (b"u,e," + b"x" * MAX_LINE_BYTES, "longer than 4,194,304 bytes"),
    ],
    ids=["short", "long", "bytes", "surrogate", "quotes", "cell", "line"],
)
def test_a_broken_csv_line_is_refused_alone(read, line, reason):
    """The reason names the fault, the neighbours go in."""
    results = read(HEADER + b"a,e,x\n" + line + b"\nb,e,y\n")
    assert reason in results.pop(3)
    assert results == {2: note("a", "x"), 4: note("b", "y")}


def test_a_file_without_an_event_column_can_be_given_one_event(read):
    """--event names them all."""
    assert read(b"user_id\nu\n", event="signup") == {2: {"userId": "u", "name": "signup"}}


@pytest.mark.parametrize(
    ("time", "read_as"),
    [
        ("2026-01-01 10:00:00", "2026-01-01 10:00:00Z"),
        ("2026-01-01T10:00:00+02:00", "2026-01-01T10:00:00+02:00"),
        ("2026-01-01", "2026-01-01"),
        ("yesterday", "yesterday"),
    ],
)
def test_times_without_a_zone_can_be_read_as_utc(read, time, read_as):
    """Only on demand, and only where there is no zone."""
    content = f"user_id,event,time\nu,e,{time}\n".encode()
    assert read(content, utc=True)[2]["timestamp"] == read_as
    assert read(content)[2]["timestamp"] == time


def test_text_columns_stay_text(read):
    """A postal code is no number, whatever its digits."""
    content = b"user_id,event,zip,properties.n\nu,e,10115,10115\n"
    item = read(content, text=["zip"])[2]
    assert item["eventProperties"] == {"zip": "10115", "n": 10115}


def test_ndjson_lines_are_items(read):
    """An object a line, by the name of the file or its first character."""
    content = b'{"userId": "u", "name": "e"}\n\n{"a": NaN, "b": 1e400, "c": "\\ud800"}\n'
    for name in ("events.ndjson", "events.jsonl", "events.txt"):
        results = read(content, name)
        assert results[1] == {"userId": "u", "name": "e"}
        assert math.isnan(results[3]["a"])
        assert results[3]["b"] == math.inf
        assert results[3]["c"] == "\ud800"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"userId": "u"', "not JSON: Expecting ',' delimiter at character 15"),
        (b"nonsense", "not JSON: Expecting value at character 1"),
        (b"[1]", "not a JSON object"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a":' + b"[" * 100_000 + b"}", "nested too deeply"),
        (b'{"a":' + b"9" * 5_000 + b"}", "not JSON: Exceeds the limit"),
        (b'{"a":"' + b"9" * MAX_LINE_BYTES + b'"}', "longer than"),
    ],
    ids=["cut off", "text", "list", "bytes", "deep", "digits", "long"],
)
def test_a_broken_ndjson_line_is_refused_alone(read, line, reason):
    """The reason names the fault, the neighbours go in."""
    results = read(b'{"n":1}\n' + line + b'\n{"n":2}\n', "events.ndjson")
    assert reason in results.pop(2)
    assert results == {1: {"n": 1}, 3: {"n": 2}}


FOREIGN = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n", "is empty"),
    "gzip": (b"\x1f\x8b\x08", "gunzip"),
    "spreadsheet": (b"PK\x03\x04", "save it as CSV"),
    "utf-16": ("user_id".encode("utf-16"), "save it as UTF-8"),
    "array": (b'[{"name": "e"}]', "jq -c"),
    "latin-1": (b"user_id,event,caf\xe9\n", "The header of"),
}


@pytest.mark.parametrize(("content", "message"), FOREIGN.values(), ids=FOREIGN)
def test_another_kind_of_file_is_refused_with_a_way_out(read, content, message):
    """Before anything is stored."""
    with pytest.raises(ConfigurationError, match=message):
        read(content)


def test_a_missing_file_or_a_directory_is_refused(tmp_path):
    """The message names the path."""
    with pytest.raises(ConfigurationError, match=r"nowhere\.csv does not exist"):
        open_event_file(tmp_path / "nowhere.csv", ColumnOptions())
    with pytest.raises(ConfigurationError, match="is not a regular file"):
        open_event_file(tmp_path, ColumnOptions())


def test_column_options_are_refused_for_ndjson(read):
    """They would do nothing."""
    with pytest.raises(ConfigurationError, match="column options are for CSV"):
        read(b"{}", "events.ndjson", event="signup")


def test_without_rejects_there_is_no_file(tmp_path):
    """One from an earlier import is gone, too."""
    path = tmp_path / "rejects"
    path.write_text("old")
    with Rejects(path):
        pass
    assert not path.exists()


def test_a_rejects_file_that_cannot_be_written_is_an_error_at_the_start(tmp_path):
    """It says how to name another."""
    with pytest.raises(ConfigurationError, match="--rejects PATH"), Rejects(tmp_path / "no" / "x"):
        pass
