"""Chats that other programs keep: LM Studio, Ollama's app, an export of ChatGPT.

The samples are written from what is known of these files; none of the programs runs here.
Run: pytest tests/test_chat_programs.py
"""

from __future__ import annotations

import copy
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeping_hooks.chatgpt import ChatGPTSource, read_chat
from sleeping_hooks.documents import NotReadable, file_time
from sleeping_hooks.lm_studio import ENDING, LMStudioSource, read_file
from sleeping_hooks.messages import NotAMessage
from sleeping_hooks.ollama_app import OllamaAppSource
from sleeping_plugin.context import open_memory
from sleeping_plugin.errors import ImportFailed, NotFound
from sleeping_plugin.home import Home
from sleeping_plugin.records import BadRecord, Conversation, Message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value in a JSON value."""
    if not isinstance(value, dict | list):
        return
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*before, key)
        yield from paths(one, (*before, key))


def broken(data: st.DataObject, sample: Any) -> Any:
    """Return the sample with one to three of its values replaced by anything, or taken out."""
    changed = copy.deepcopy(sample)
    for _ in range(data.draw(st.integers(1, 3))):
        ways = list(paths(changed))
        if not ways:
            break
        *way, last = data.draw(st.sampled_from(ways))
        place = changed
        for key in way:
            place = place[key]
        if data.draw(st.booleans()):
            place[last] = data.draw(JSON)
        else:
            del place[last]
    return changed


def read_all(source: Any, location: Path) -> list[Conversation]:
    found = list(source.read(str(location)))
    assert all(isinstance(one, Conversation) for one in found), found
    return found


# LM Studio


def typed(text: str) -> dict[str, Any]:
    parts = [{"type": "text", "text": text}]
    expanded = [{"type": "text", "text": f"Use this document: secret plans. {text}"}]
    version = {
        "type": "singleStep",
        "role": "user",
        "content": [*parts, {"type": "file", "fileIdentifier": "1.png"}],
        "preprocessed": {"role": "user", "content": expanded},
    }
    return {"versions": [version], "currentlySelected": 0}


def answered(
    *texts: str, selected: int = 0, done: bool = True, began: int = 1736789913000
) -> dict[str, Any]:
    def version(text: str) -> dict[str, Any]:
        thinking = {"type": "contentBlock", "style": {"type": "thinking"}}
        block = {"type": "contentBlock", "stepIdentifier": f"{began}-0.1"}
        end = {"genInfo": {"stats": {"stopReason": "eosFound"}}} if done else {}
        return {
            "type": "multiStep",
            "role": "assistant",
            "senderInfo": {"senderName": "model"},
            "steps": [
                {**thinking, "content": [{"type": "text", "text": "They said hello."}]},
                {**block, "content": [{"type": "text", "text": text}], **end},
                {"type": "debugInfoBlock", "debugInfo": "fine"},
            ],
        }

    return {"versions": [version(text) for text in texts], "currentlySelected": selected}


def lm_studio(*messages: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "A chat",
        "createdAt": 1736789912980,
        "systemPrompt": "You are kind.",
        "lastUsedModel": {"identifier": "smollm2"},
        "messages": list(messages),
    }


def write_chat(folder: Path, chat: object, name: str = "1736789912980") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}{ENDING}"
    file.write_text(json.dumps(chat), encoding="utf-8")
    return file


def test_a_chat_of_lm_studio_is_read_as_it_is_shown(tmp_path: Path) -> None:
    chat = lm_studio(
        typed("My sister is called Mara."),
        answered("How nice!", "I see.", selected=1),
        typed("She lives in Porto."),
        answered("Good.", selected=7),
    )
    file = write_chat(tmp_path / "Family" / "2025", chat)
    expected = Conversation(
        id="1736789912980",
        time="2025-01-13T17:38:32Z",
        messages=(
            Message("user", "My sister is called Mara."),
            Message("assistant", "I see."),
            Message("user", "She lives in Porto."),
            Message("assistant", "Good."),
        ),
        source="lm-studio",
    )
    assert read_all(LMStudioSource(), tmp_path) == read_all(LMStudioSource(), file) == [expected]


def test_a_growing_chat_of_lm_studio_is_journalled_once(sleeping: Any, tmp_path: Path) -> None:
    first = [typed("My sister is called Mara."), answered("How ni", done=False)]
    write_chat(tmp_path / "chats", lm_studio(*first))
    location = str(tmp_path / "chats")
    assert sleeping("import", "--source", "lm-studio", location).code == 0
    (facts,) = sleeping("facts", "--json").json["facts"]
    assert facts["value"] == "Mara"
    whole = [first[0], answered("How nice!"), typed("Hello again.")]
    write_chat(tmp_path / "chats", lm_studio(*whole))
    for new in (2, 0):
        done = sleeping("import", "--source", "lm-studio", location, "--json").json
        assert done["messages"] == new
    with open_memory(Home.open()) as memory:
        said = [(turn.role, turn.text) for turn in memory.journal.turns("1736789912980")]
    assert said == [
        ("user", "My sister is called Mara."),
        ("assistant", "How nice!"),
        ("user", "Hello again."),
    ]


def test_what_was_said_last_counts_whatever_chat_it_was_said_in(
    sleeping: Any, tmp_path: Path
) -> None:
    january, march, may = 1736789913000, 1741000000000, 1746000000000
    old = [typed("Hello there."), answered("Hi!", began=january)]
    new = [typed("I live in Lisbon."), answered("Nice.", began=march)]
    write_chat(tmp_path, lm_studio(*old), "1736789912980")
    write_chat(tmp_path, {**lm_studio(*new), "createdAt": march}, str(march))
    sleeping("import", "--source", "lm-studio", str(tmp_path))
    moved = [typed("I have moved. I live in Porto now."), answered("Oh!", began=may)]
    write_chat(tmp_path, lm_studio(*old, *moved), "1736789912980")
    sleeping("import", "--source", "lm-studio", str(tmp_path))
    facts = sleeping("facts", "--status", "accepted", "--json").json["facts"]
    assert [fact["value"] for fact in facts] == ["Porto"]


def test_an_answer_between_two_tools_is_not_finished(tmp_path: Path) -> None:
    half = answered("Let me look.")
    steps = half["versions"][0]["steps"]
    call = {"type": "toolCallRequest", "content": []}
    block = {"type": "contentBlock", "content": [{"type": "text", "text": "The ans"}]}
    for more in ([call], [call, block]):
        half["versions"][0]["steps"] = [*steps, *more]
        found = read_file(write_chat(tmp_path, lm_studio(typed("Look it up."), half)))
        assert found is not None and [m.role for m in found.messages] == ["user"]
    done = {**block, "genInfo": {}, "content": [{"type": "text", "text": t} for t in ("Yes", "!")]}
    half["versions"][0]["steps"] = [*steps, call, done]
    found = read_file(write_chat(tmp_path, lm_studio(typed("Look it up."), half)))
    assert found is not None and found.messages[1].content == "Let me look.\nYes!"


@pytest.mark.parametrize("created", [10**400, 1e308, True, -1, "x", None])
def test_a_time_that_is_none_is_that_of_the_file(tmp_path: Path, created: Any) -> None:
    file = write_chat(tmp_path, {**lm_studio(typed("Hi")), "createdAt": created})
    found = read_file(file)
    assert found is not None
    assert found.time == (file_time(file) if created != -1 else "1969-12-31T23:59:59Z")


def test_a_file_of_another_program_is_named(tmp_path: Path) -> None:
    write_chat(tmp_path, {"messages": [{"role": "user", "content": "Hi"}]})
    (bad,) = LMStudioSource().read(str(tmp_path))
    assert isinstance(bad, BadRecord) and "no conversation of LM Studio" in bad.reason


def test_a_file_that_is_being_written_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    whole = write_chat(tmp_path, lm_studio(typed("I live in Porto.")), "2")
    data = whole.read_bytes()
    half = tmp_path / f"1{ENDING}"
    for cut in range(len(data)):
        half.write_bytes(data[:cut])
        bad, good = LMStudioSource().read(str(tmp_path))
        assert isinstance(bad, BadRecord) and bad.place == half.name
        assert isinstance(good, Conversation) and good.id == "2"


@MANY
@given(data=st.data())
def test_whatever_lm_studio_writes_is_a_chat_or_has_a_reason(
    data: st.DataObject, tmp_path: Path
) -> None:
    chat = lm_studio(typed("Hi"), answered("Hello!"), typed("I live in Porto."))
    file = write_chat(tmp_path, broken(data, chat))
    try:
        found = read_file(file)
    except (NotReadable, NotAMessage) as reason:
        assert str(reason)
    else:
        assert found is None or all(m.content.strip() for m in found.messages)
        shown = "" if found is None else " ".join(m.content for m in found.messages)
        assert "secret plans" not in shown


def test_a_folder_without_chats_says_where_they_are(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="lmstudio/conversations"):
        LMStudioSource().read(str(tmp_path))
    with pytest.raises(NotFound):
        LMStudioSource().read(str(tmp_path / "absent"))


# Ollama's app

SCHEMA = """
CREATE TABLE chats (id TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, browser_state TEXT);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, chat_id TEXT NOT NULL,
    role TEXT NOT NULL, content TEXT NOT NULL DEFAULT '', thinking TEXT NOT NULL DEFAULT '',
    stream BOOLEAN NOT NULL DEFAULT 0, model_name TEXT, created_at TIMESTAMP, updated_at TIMESTAMP);
"""


class App:
    """Writes its database as the app does: all messages of a chat anew, at every change."""

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "db.sqlite", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.executescript(SCHEMA)

    def save(self, chat: str, *messages: tuple[str, str], streaming: bool = False) -> None:
        run = self.connection.execute
        run("BEGIN")
        time = "2026-05-01 09:00:00.123456+02:00"
        run("INSERT OR IGNORE INTO chats (id, created_at) VALUES (?, ?)", (chat, time))
        run("DELETE FROM messages WHERE chat_id = ?", (chat,))
        for number, (role, content) in enumerate(messages, start=1):
            last = streaming and number == len(messages)
            values = (chat, role, content, "It is a name.", last)
            names = "(chat_id, role, content, thinking, stream)"
            run(f"INSERT INTO messages {names} VALUES (?, ?, ?, ?, ?)", values)
        run("COMMIT")


def test_chats_of_ollamas_app_are_read_beside_the_app(sleeping: Any, tmp_path: Path) -> None:
    app, said = App(tmp_path), ("user", "My dog is called Rex.")
    app.save("chat-1", said, ("assistant", "A fine na"), streaming=True)
    (chat,) = read_all(OllamaAppSource(), tmp_path)
    assert (chat.id, chat.time, chat.source) == ("chat-1", "2026-05-01T07:00:00Z", "ollama-app")
    assert chat.messages == (Message(*said),)
    app.save("chat-1", said, ("assistant", "A fine name."), ("tool", "{}"), ("user", "Thanks!"))
    app.connection.execute("BEGIN IMMEDIATE")  # the app is in the middle of a change
    app.connection.execute("DELETE FROM messages")
    for new in (3, 0):
        done = sleeping("import", "--source", "ollama-app", str(tmp_path / "db.sqlite"), "--json")
        assert done.json["messages"] == new
    (fact,) = sleeping("facts", "--json").json["facts"]
    assert fact["value"] == "Rex"
    app.connection.execute("ROLLBACK")
    app.connection.execute("UPDATE messages SET content = CAST(x'ff' AS TEXT) WHERE role = 'tool'")
    assert len(read_all(OllamaAppSource(), tmp_path)) == 1
    app.save("chat-1", said, ("assistant", "A fine name!"))
    assert [c.messages[-1].content for c in read_all(OllamaAppSource(), tmp_path)] == [
        "A fine name!"
    ]


def test_reading_leaves_nothing_beside_the_database(tmp_path: Path) -> None:
    app = App(tmp_path)
    app.save("chat-1", ("user", "My dog is called Rex."))
    app.connection.close()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert len(read_all(OllamaAppSource(), tmp_path)) == 1
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("content", [b"", b"no database at all, but some text" * 40])
def test_what_is_no_database_of_the_app_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "db.sqlite"
    file.write_bytes(content)
    with pytest.raises(ImportFailed, match="Ollama's app"):
        OllamaAppSource().read(str(file))
    assert file.read_bytes() == content
    with pytest.raises(NotFound):
        OllamaAppSource().read(str(tmp_path / "absent.sqlite"))


# ChatGPT


def node(name: str, parent: str | None, role: str, *parts: Any, **about: Any) -> dict[str, Any]:
    message = {
        "id": name,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": 1735689600.5,
        "content": {"content_type": "text", "parts": list(parts)},
        "metadata": about,
    }
    return {"id": name, "message": message, "parent": parent, "children": []}


def export() -> dict[str, Any]:
    nodes = [
        {"id": "root", "message": None, "parent": None, "children": ["s"]},
        node("s", "root", "system", "", is_visually_hidden_from_conversation=True),
        node("h", "s", "user", "About me: I am vegan.", is_visually_hidden_from_conversation=True),
        node("q", "h", "user", "My cat is called Pip."),
        node("a1", "q", "assistant", "A first answer."),
        node("a2", "q", "assistant", "A fine name.", {"asset_pointer": "file-1"}),
        node("t", "a2", "tool", "searched"),
        node("q2", "t", "user", "She is three years old."),
        node("old", "a1", "user", "An edited message."),
    ]
    return {
        "title": "Cats",
        "create_time": 1735689600.0,
        "conversation_id": "c-1",
        "mapping": {one["id"]: one for one in nodes},
        "current_node": "q2",
    }


EXPECTED = Conversation(
    id="c-1",
    time="2025-01-01T00:00:00Z",
    messages=(
        Message("user", "My cat is called Pip."),
        Message("assistant", "A fine name."),
        Message("user", "She is three years old."),
    ),
    source="chatgpt",
)


def test_the_branch_that_chatgpt_shows_is_read_from_file_folder_and_archive(
    tmp_path: Path,
) -> None:
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps([export()]), encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("chat.html", "<html>")
        archive.write(file, "export/conversations.json")
    for place in (file, tmp_path, tmp_path / "export.zip"):
        assert read_all(ChatGPTSource(), place) == [EXPECTED]


def test_a_bad_chat_of_an_export_is_named_and_the_others_are_read(
    sleeping: Any, tmp_path: Path
) -> None:
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps([{"title": "x"}, export(), {**export(), "mapping": {}}]))
    done = sleeping("import", "--source", "chatgpt", str(file), "--json").json
    assert (done["conversations"], done["messages"]) == (1, 3)
    assert [bad["place"] for bad in done["bad"]] == ["conversations.json, chat 1"]
    assert {fact["value"] for fact in sleeping("facts", "--json").json["facts"]} >= {"Pip"}


@pytest.mark.parametrize("cut", [10, 60, -30, -3])
def test_an_archive_that_was_not_downloaded_whole_is_refused(
    sleeping: Any, tmp_path: Path, cut: int
) -> None:
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", json.dumps([export()]))
    part = tmp_path / "part.zip"
    part.write_bytes(whole.read_bytes()[:cut])
    done = sleeping("import", "--source", "chatgpt", str(part))
    assert done.code == ImportFailed.exit_code and "Name the archive" in done.err
    with zipfile.ZipFile(part, "w") as archive:
        archive.writestr("chat.html", "<html>")
    with pytest.raises(NotFound, match=r"conversations\.json"):
        ChatGPTSource().read(str(part))


@MANY
@given(data=st.data())
def test_whatever_an_export_holds_is_a_chat_or_has_a_reason(data: st.DataObject) -> None:
    try:
        found = read_chat(broken(data, export()), "2026-01-01T00:00:00Z")
    except NotReadable as reason:
        assert str(reason)
    else:
        assert found is None or all(m.content.strip() for m in found.messages)


def test_an_export_that_goes_in_circles_ends() -> None:
    chat = export()
    chat["mapping"]["q"]["parent"] = "q2"
    with pytest.raises(NotReadable, match="circles"):
        read_chat(chat, "")


def test_a_chat_of_which_a_part_is_missing_is_not_read_as_half_a_chat() -> None:
    for lost in ("q", "a2", "q2"):
        chat = export()
        del chat["mapping"][lost]
        with pytest.raises(NotReadable, match=lost):
            read_chat(chat, "")


def test_what_was_spoken_is_read_and_what_was_said_to_a_tool_is_not() -> None:
    chat = export()
    spoken = {"content_type": "audio_transcription", "text": "My cat is called Pip."}
    chat["mapping"]["q"]["message"]["content"]["parts"] = [spoken, {"content_type": "audio"}]
    chat["mapping"]["a2"]["message"]["recipient"] = "bio"
    found = read_chat(chat, "")
    assert found is not None
    assert [m.content for m in found.messages] == [EXPECTED.messages[i].content for i in (0, 2)]
    assert found.messages[0].time == "2025-01-01T00:00:00Z"


def test_an_export_in_several_files_is_read_whole(tmp_path: Path) -> None:
    names = [f"conversations-{number:03}.json" for number in range(3)]
    for name in names:
        (tmp_path / name).write_text(json.dumps([{**export(), "conversation_id": name}]))
    (tmp_path / "shared_conversations.json").write_text("[]")
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for name in names:
            archive.write(tmp_path / name, name)
    for place in (tmp_path, tmp_path / "export.zip"):
        assert [chat.id for chat in read_all(ChatGPTSource(), place)] == names
