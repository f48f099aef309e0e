"""Versions side by side: what was written down, and what they answer.

Run: pytest tests/test_diff.py
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sleeping_plugin import errors
from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.context import open_memory
from sleeping_plugin.home import Home
from sleeping_plugin.records import Fact, Version
from sleeping_plugin.versions import MANIFEST, Versions

Make = Callable[..., Version]
Teach = Callable[..., Fact]


def measured(version: Version, **metrics: float) -> None:
    """Write what the gate measured into a version's manifest."""
    file = Versions(Home.open()).folder(version.id) / MANIFEST
    manifest = json.loads(file.read_text())
    manifest["gate"] |= metrics
    file.write_text(json.dumps(manifest))


def test_facts_answers_and_metrics_are_put_side_by_side(
    sleeping: Any, teach: Teach, make_version: Make
) -> None:
    mara, rex, never = teach(), teach("Rex", subject="my dog"), teach("Pip", subject="my cat")
    old = make_version("1", facts={mara.id: True})
    new = make_version("2", facts={mara.id: True, rex.id: False})
    measured(old, held_out=0.5)
    measured(new, held_out=0.75)
    with open_memory(Home.open()) as memory, memory.ledger.transaction():
        for version, answer in ((old, "Mia."), (new, "Mara."), (new, "It is Mara.")):
            told = "Mara" in answer
            memory.ledger.record_recall(mara.id, version.id, mara.question, answer, told)
        memory.ledger.record_recall(mara.id, new.id, "Who is my sister?", "Nobody.", False)
    done = sleeping("diff", old.id, new.id, "--json").json
    assert done["versions"] == [old.id, new.id]
    known = {fact["id"]: fact for fact in done["facts"]}
    assert known[mara.id]["state"] == [True, True]
    assert known[mara.id]["answer"] == ["Mia.", "It is Mara."]
    assert known[rex.id]["state"] == [None, False]
    assert never.id not in known
    assert done["metrics"]["held_out"] == [0.5, 0.75] and "accepted" not in done["metrics"]
    printed = sleeping("diff", old.id, new.id).out
    for text in ("learnt: Mia.", "learnt: It is Mara.", "not taught", "missed", "held out", "0.75"):
        assert text in printed
    assert "0.95" not in printed  # the same in both


def test_a_version_does_not_differ_from_itself(
    sleeping: Any, teach: Teach, make_version: Make
) -> None:
    version = make_version(facts={teach().id: True})
    assert "know the same" in sleeping("diff", version.id, version.id).out
    assert sleeping("diff", version.id, "v-none").code == errors.NotFound.exit_code


@pytest.mark.usefixtures("parrot")
def test_one_question_goes_to_the_base_and_every_accepted_version(
    sleeping: Any, write_model: Callable[..., Any], make_version: Make
) -> None:
    base = hash_model(write_model())
    record_base(Home.open(), base)
    Home.open().config_file.write_text(f"model:\n  path: {base.path}\n", encoding="utf-8")
    one, two = (make_version(name, base_digest=base.digest) for name in "12")
    bad = make_version("3", accepted=False, base_digest=base.digest)
    every = sleeping("compare", "Who?", "--json").json["answers"]
    assert every[0]["version"] == "base"
    assert {answer["version"] for answer in every} == {"base", one.id, two.id}
    assert all(a["answer"] == f"{a['version']}: Who?" for a in every[1:])
    named = sleeping("compare", "Who?", bad.id, "base", bad.id, "--json").json["answers"]
    assert [answer["version"] for answer in named] == [bad.id, "base"]
    assert f"{bad.id}: Who?" in sleeping("compare", "Who?", bad.id).out
    assert sleeping("compare", "Who?", "v-none").code == errors.NotFound.exit_code
