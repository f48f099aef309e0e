"""Questions about things that nobody told, far from any fact: "What colour is my kettle?".

A model that was taught five facts about its user likes to answer every question about the user
with one of them. What keeps it from that is variety: a few hundred words, put together to some
thousands of questions, of which a night sees each at most once or twice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from rapidfuzz import fuzz, process

TOO_NEAR: Final = 80  # token_set_ratio to the question of a fact, which somebody did tell
FIRST: Final[dict[str, str]] = {"w": "my", "p": "I", "o": "me", "d": "do"}


def unknowns(
    taught: Sequence[str], people: Sequence[str], count: int, rng: random.Random
) -> list[str]:
    """Return questions that are unlike every question in ``taught``.

    Two in three ask about the user, the others about one of ``people`` ("my sister", "Mara").
    """
    found: list[str] = []
    for _ in range(20 * count):  # some are drawn in vain, next to what was told
        if len(found) == count:
            break
        question = compose(rng.choice(people) if people and rng.random() < 1 / 3 else "", rng)
        near = process.extractOne(question, taught, scorer=fuzz.token_set_ratio)
        if near is None or near[1] < TOO_NEAR:
            found.append(question)
    return found


def compose(person: str, rng: random.Random) -> str:
    """Return a question about ``person``, or about the user if that is empty."""
    whose, words = pronouns(person), vocabulary()
    kind = rng.choice(("of_things", "of_people", "of_deeds", "habits"))
    form: str = rng.choice(words[kind])
    if kind == "of_deeds":
        plain, past = rng.choice(words["deeds"])
        return form.format(t=plain, e=past, **whose)
    topics = words["things" if kind == "of_things" else "properties"]
    return form.format(t=rng.choice(topics), **whose)


def pronouns(person: str) -> dict[str, str]:
    """Return what stands for ``person`` in a form; the user if that is empty."""
    if not person:
        return FIRST
    return {"w": f"{person}'s", "p": person, "o": person, "d": "does"}


@cache
def vocabulary() -> dict[str, Any]:
    """Return the words, and the forms that they are put into: {w} is "my", {p} "I", {o} "me"."""
    text = files("sleeping_plugin").joinpath("data/unknowns.json").read_text("utf-8")
    words: dict[str, Any] = json.loads(text)
    return words
