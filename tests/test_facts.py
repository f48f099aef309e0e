"""``sleeping facts``, ``sleeping accept`` and ``sleeping forget``.

Run: pytest tests/test_facts.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sleeping_plugin import config as configuration
from sleeping_plugin import errors, plugins
from sleeping_plugin.context import open_memory
from sleeping_plugin.curate import curate
from sleeping_plugin.home import Home
from sleeping_plugin.records import Conversation, Fact, FactStatus, Message, Version
from sleeping_plugin.versions import Versions

Teach = Callable[..., Fact]
MakeVersion = Callable[..., Version]


def taught(fact: Fact, version: Version, stage: int) -> None:
    with open_memory(Home.open()) as memory:
        memory.ledger.set_stages(version.id, {fact.id: stage})
    Versions(Home.open()).switch(version)


def test_all_facts_are_listed_with_status_and_stage(
    sleeping: Any, teach: Teach, make_version: MakeVersion
) -> None:
    mara = teach()
    teach("Leo", subject="my brother", status=FactStatus.QUARANTINED, reason="only the model")
    taught(mara, make_version(facts={mara.id: True}), 1)
    rows = {row["value"]: row for row in sleeping("facts", "--json").json["facts"]}
    assert {"id", "subject", "question", "answer", "value", "status", "stage"} <= set(rows["Mara"])
    assert (rows["Mara"]["status"], rows["Mara"]["stage"]) == ("accepted", 1)
    assert rows["Mara"]["recalled"] is True
    assert (rows["Leo"]["status"], rows["Leo"]["stage"]) == ("quarantined", None)
    assert rows["Leo"]["reason"] == "only the model"


def test_the_stage_is_that_of_the_version_in_use(
    sleeping: Any, teach: Teach, make_version: MakeVersion
) -> None:
    mara = teach()
    taught(mara, make_version("1"), 1)
    taught(mara, make_version("2"), 3)

    def stage() -> Any:
        return sleeping("facts", "--json").json["facts"][0]["stage"]

    assert stage() == 3
    Versions(Home.open()).rollback()
    assert stage() == 1
    Versions(Home.open()).switch(None)
    assert stage() is None


def test_one_status_can_be_asked_for(sleeping: Any, teach: Teach) -> None:
    teach()
    teach("Leo", subject="my brother", status=FactStatus.QUARANTINED)
    rows = sleeping("facts", "--status", "quarantined", "--json").json["facts"]
    assert [row["value"] for row in rows] == ["Leo"]


def test_people_read_a_table_and_a_hint_when_there_is_nothing(sleeping: Any, teach: Teach) -> None:
    assert "sleeping import" in sleeping("facts").out
    fact = teach()
    printed = sleeping("facts").out
    assert fact.id in printed and "Mara" in printed and "accepted" in printed


def test_a_forgotten_fact_names_the_versions_that_still_know_it(
    sleeping: Any, teach: Teach, make_version: MakeVersion
) -> None:
    mara = teach()
    knowing = make_version("knows", facts={mara.id: True})
    make_version("does not", facts={})
    Versions(Home.open()).switch(knowing)
    done = sleeping("forget", mara.id)
    assert done.code == 0
    assert knowing.id in done.out and "sleeping switch base" in done.out
    assert sleeping("facts", "--json").json["facts"][0]["status"] == "forgotten"


@pytest.mark.parametrize("name", [lambda f: f.id, lambda f: f.id[:6], lambda f: f.question])
def test_a_fact_is_found_by_id_beginning_or_question(
    sleeping: Any, teach: Teach, name: Callable[[Fact], str]
) -> None:
    mara = teach()
    forgotten = sleeping("forget", name(mara), "--json").json
    assert forgotten["fact"]["id"] == mara.id
    assert (forgotten["known_by"], forgotten["active_knows"]) == ([], False)


def test_one_of_several_that_is_forgotten_leaves_the_answer_of_the_others(sleeping: Any) -> None:
    with open_memory(Home.open()) as memory:
        told = Conversation("c", "", (Message("user", "We have two sons, Leo and Max."),), "test")
        memory.journal.add(told)
        settings = configuration.load(Home.open(), ["extraction.extractors=[patterns]"])
        curate(memory.journal, memory.ledger, plugins.load(strangers=()), settings, None)
        by_value = {fact.value: fact for fact in memory.ledger.facts()}

    def answers() -> dict[str, str]:
        shown = sleeping("facts", "--status", "accepted", "--json").json["facts"]
        return {row["value"]: row["answer"] for row in shown}

    both = "Your sons are called Leo and Max."
    assert answers() == {"Leo": both, "Max": both}
    assert sleeping("forget", by_value["Max"].id).code == 0
    (alone,) = answers().values()
    assert "Leo" in alone and "Max" not in alone
    assert sleeping("accept", by_value["Max"].id).code == 0
    assert answers() == {"Leo": both, "Max": both}


def test_a_quarantined_fact_can_be_accepted(sleeping: Any, teach: Teach) -> None:
    leo = teach("Leo", subject="my brother", status=FactStatus.QUARANTINED, reason="only the model")
    done = sleeping("accept", leo.id)
    assert done.code == 0 and "next sleep" in done.out
    (row,) = sleeping("facts", "--json").json["facts"]
    assert (row["status"], row["reason"]) == ("accepted", "")


def test_an_accepted_fact_replaces_the_one_it_contradicts(sleeping: Any, teach: Teach) -> None:
    teach("Mara")
    newer = teach("Maren", status=FactStatus.QUARANTINED)
    assert sleeping("accept", newer.id).code == 0
    rows = {row["value"]: row for row in sleeping("facts", "--json").json["facts"]}
    assert (rows["Mara"]["status"], rows["Maren"]["status"]) == ("superseded", "accepted")
    assert rows["Mara"]["superseded_by"] == newer.id


@pytest.mark.parametrize("status", [FactStatus.ACCEPTED, FactStatus.SUPERSEDED])
def test_only_what_was_set_aside_can_be_accepted(
    sleeping: Any, teach: Teach, status: FactStatus
) -> None:
    fact = teach(status=status)
    done = sleeping("accept", fact.id)
    assert done.code == errors.UsageError.exit_code
    assert status.value in done.err


def test_a_forgotten_fact_can_be_taken_back(sleeping: Any, teach: Teach) -> None:
    fact = teach()
    sleeping("forget", fact.id)
    assert sleeping("accept", fact.id).code == 0
    assert sleeping("facts", "--json").json["facts"][0]["status"] == "accepted"


@pytest.mark.parametrize("command", ["forget", "accept"])
def test_an_unknown_fact_is_not_found(sleeping: Any, command: str) -> None:
    done = sleeping(command, "f-0000000000")
    assert done.code == errors.NotFound.exit_code
    assert "f-0000000000" in done.err
