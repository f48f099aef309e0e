"""The jsonl chat source: good lines, bad lines, odd files. Run: pytest tests/test_jsonl.py"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeping_hooks import jsonl
from sleeping_hooks.jsonl import JsonlSource
from sleeping_hooks.messages import ROLES
from sleeping_plugin.errors import ImportFailed, NotFound
from sleeping_plugin.records import BadRecord, Conversation, Message

# Examples overwrite one file; the folder is the test's own, so sharing it between them is safe.
RELAXED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
GOOD: dict[str, Any] = {
    "id": "c-1",
    "time": "2025-03-01T20:15:00Z",
    "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}],
}


def read(folder: Path, content: bytes) -> list[Conversation | BadRecord]:
    path = folder / "chats.jsonl"
    path.write_bytes(content)
    return list(JsonlSource().read(str(path)))


def read_one(folder: Path, record: object) -> Conversation | BadRecord:
    (only,) = read(folder, json.dumps(record).encode())
    return only


def bad(folder: Path, record: object) -> str:
    result = read_one(folder, record)
    assert isinstance(result, BadRecord), result
    assert result.place == "line 1"
    return result.reason


def good(folder: Path, record: object) -> Conversation:
    result = read_one(folder, record)
    assert isinstance(result, Conversation), result
    return result


def test_a_good_line_is_a_conversation(tmp_path: Path) -> None:
    assert good(tmp_path, GOOD) == Conversation(
        id="c-1",
        time="2025-03-01T20:15:00Z",
        messages=(Message("user", "Hi"), Message("assistant", "Hello!")),
        source="jsonl",
    )


def test_a_bad_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    line = json.dumps(GOOD).encode()
    results = read(tmp_path, b"\n".join([line, b"{oops", b"", line, b"\xff\xfe", b"17", line]))
    places = [r.place if isinstance(r, BadRecord) else r.id for r in results]
    assert places == ["c-1", "line 2", "c-1", "line 5", "line 6", "c-1"]
    reasons = [r.reason for r in results if isinstance(r, BadRecord)]
    assert reasons[0].startswith("not JSON: ") and "column 2" in reasons[0]
    assert reasons[1:] == ["not UTF-8 text", "is a number, not an object with messages"]


def test_byte_order_mark_blank_lines_and_crlf_are_no_errors(tmp_path: Path) -> None:
    line = json.dumps(GOOD).encode()
    content = b"\xef\xbb\xbf" + line + b"\r\n\r\n   \r\n\n" + line + b"\r\n"
    assert [type(r) for r in read(tmp_path, content)] == [Conversation, Conversation]


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, b"") == []
    assert read(tmp_path, b"\xef\xbb\xbf\n") == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"messages": None}, 'has no "messages"'),
        ({"messages": "Hi"}, 'has a string as "messages"'),
        ({"messages": []}, "has no message with text"),
        ({"messages": [{"role": "user", "content": " \n"}]}, "has no message with text"),
        ({"messages": ["Hi"]}, "message 1 is a string"),
        ({"messages": [{"content": "Hi"}]}, "message 1 has nothing as role"),
        ({"messages": [{"role": "narrator", "content": "Hi"}]}, 'the unknown role "narrator"'),
        ({"messages": [{"role": "user", "content": 4}]}, "message 1 has a number as content"),
        ({"messages": [{"role": "user", "content": [4]}]}, "a number among its content parts"),
        ({"messages": [{"role": "user", "content": {"text": "x"}}]}, "an object as content"),
        ({"id": ["c"]}, 'has a list as "id"'),
        ({"id": True}, 'has true or false as "id"'),
        ({"time": 1740860100}, 'has a number as "time"'),
        ({"time": "yesterday"}, 'has "yesterday" as "time"'),
        ({"time": "0001-01-01T00:00:00+10:00"}, "not ISO 8601"),
    ],
)
def test_a_wrong_field_is_named_with_what_it_holds(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    assert reason in bad(tmp_path, GOOD | change)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[" * 200_000, "nested too deeply"),
        (b'{"id": ' + b"9" * 5000 + b"}", "a number that is too long"),
    ],
)
def test_a_hostile_line_is_a_bad_record(tmp_path: Path, line: bytes, reason: str) -> None:
    (only,) = read(tmp_path, line)
    assert isinstance(only, BadRecord) and reason in only.reason


def test_an_over_long_line_is_skipped_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE", 2**20)
    line = json.dumps(GOOD).encode()
    exact = line + b" " * (2**20 - len(line) - 1)  # with its newline as long as is allowed
    content = b"\n".join([b"x" * (5 * 2**20 + 3), exact, b"x" * (2 * 2**20), line])
    results = read(tmp_path, content)
    assert [type(r) for r in results] == [BadRecord, Conversation, BadRecord, Conversation]
    places = [(r.place, r.reason) for r in results if isinstance(r, BadRecord)]
    assert places == [("line 1", "longer than 1 MB"), ("line 3", "longer than 1 MB")]


def test_text_parts_are_joined_and_messages_without_text_left_out(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {}}, "nice"]
    conversation = good(
        tmp_path,
        GOOD
        | {
            "messages": [
                {"role": "user", "content": parts},
                {"role": "assistant", "content": None, "tool_calls": [{}]},
                {"role": "function", "content": "42"},
                {"role": "Model", "content": "Yes."},
            ]
        },
    )
    assert conversation.messages == (
        Message("user", "Look:\nnice"),
        Message("tool", "42"),
        Message("assistant", "Yes."),
    )


def test_without_an_id_the_content_decides(tmp_path: Path) -> None:
    def derived(**change: Any) -> str:
        record = GOOD | change
        record.pop("id")
        return good(tmp_path, record).id

    longer = [*GOOD["messages"], {"role": "user", "content": "Bye"}]
    ids = [derived(), derived(messages=longer), derived(time=None), derived(time="2026-01-01")]
    assert derived() == ids[0]
    assert len(set(ids)) == len(ids)
    assert good(tmp_path, GOOD | {"id": " "}).id.startswith("sha256-")
    assert good(tmp_path, GOOD | {"id": 7}).id == "7"


def test_without_a_time_the_files_time_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text(json.dumps({"messages": GOOD["messages"]}))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (only,) = JsonlSource().read(str(path))
    assert isinstance(only, Conversation)
    assert datetime.fromisoformat(only.time) == datetime.fromtimestamp(1_700_000_000, UTC)


def test_times_become_utc_so_that_they_sort_as_text(tmp_path: Path) -> None:
    for given_time, expected in (
        ("2025-03-01T22:15:00+02:00", "2025-03-01T20:15:00Z"),
        ("2025-03-01T20:15:00", "2025-03-01T20:15:00Z"),
        ("2025-03-01", "2025-03-01T00:00:00Z"),
        ("2025-03-01T20:15:00.123456Z", "2025-03-01T20:15:00Z"),
    ):
        assert good(tmp_path, GOOD | {"time": given_time}).time == expected


def test_halves_of_surrogate_pairs_and_nul_are_replaced(tmp_path: Path) -> None:
    line = rb'{"messages": [{"role": "user", "content": "a\ud800b\u0000c\ud83d\ude00"}]}'
    (only,) = read(tmp_path, line)
    assert isinstance(only, Conversation)
    assert only.messages[0].content == "a\ufffdb\ufffdc\N{GRINNING FACE}"


def test_a_missing_file_and_a_folder_are_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        JsonlSource().read(str(tmp_path / "absent.jsonl"))
    with pytest.raises(NotFound, match="is a folder"):
        JsonlSource().read(str(tmp_path))


def test_a_file_that_may_not_be_read_is_an_import_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("Permission denied")

    (tmp_path / "chats.jsonl").touch()
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ImportFailed, match="Permission denied"):
        JsonlSource().read(str(tmp_path / "chats.jsonl"))


def test_only_one_line_is_read_ahead(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text(json.dumps(GOOD) + "\n")
    reader = JsonlSource().read(str(path))
    next(reader)
    with path.open("a") as file:
        file.write(json.dumps(GOOD | {"id": "late"}) + "\n")
    late = next(reader)
    assert isinstance(late, Conversation) and late.id == "late"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
near_misses = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values,
        "time": json_values | st.just("2025-01-01"),
        "messages": json_values
        | st.lists(
            st.fixed_dictionaries(
                {}, optional={"role": st.sampled_from([*ROLES, "x"]), "content": json_values}
            )
            | json_values,
            max_size=4,
        ),
    },
)


@RELAXED
@given(records=st.lists(json_values | near_misses, min_size=1, max_size=5))
def test_every_json_line_gives_exactly_one_result(tmp_path: Path, records: list[object]) -> None:
    results = read(tmp_path, "\n".join(json.dumps(r) for r in records).encode())
    assert len(results) == len(records)
    for number, result in enumerate(results, start=1):
        if isinstance(result, BadRecord):
            assert result.place == f"line {number}" and result.reason
            result.reason.encode()  # printable anywhere
        else:
            assert result.id and result.messages
            assert datetime.fromisoformat(result.time).utcoffset() is not None
            assert {m.role for m in result.messages} <= {"system", "user", "assistant", "tool"}
            assert all(m.content.strip() for m in result.messages)


@RELAXED
@given(content=st.binary(max_size=400))
def test_no_bytes_whatever_raise(tmp_path: Path, content: bytes) -> None:
    for result in read(tmp_path, content):
        assert isinstance(result, BadRecord | Conversation)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@RELAXED
@given(
    said=st.lists(
        st.tuples(
            st.sampled_from(["user", "assistant", "system"]), texts.filter(lambda t: t.strip())
        ),
        min_size=1,
        max_size=6,
    )
)
def test_what_was_said_comes_back_word_for_word(
    tmp_path: Path, said: list[tuple[str, str]]
) -> None:
    record = {"id": "c", "messages": [{"role": r, "content": t} for r, t in said]}
    for ascii_only in (True, False):
        (only,) = read(tmp_path, json.dumps(record, ensure_ascii=ascii_only).encode())
        assert isinstance(only, Conversation)
        assert [(m.role, m.content) for m in only.messages] == said
