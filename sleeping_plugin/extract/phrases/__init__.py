"""Phrases that tell a fact without a plain subject and verb, in the order they are tried in."""

from sleeping_plugin.extract.phrases import (  # isort: skip
    names, kin, places, daily, body, late, who,
)  # fmt: skip
from sleeping_plugin.extract.phrases.base import PHRASES, Spoken, spoken_facts
from sleeping_plugin.extract.phrases.names import signature

__all__ = [
    "PHRASES",
    "Spoken",
    "body",
    "daily",
    "kin",
    "late",
    "names",
    "places",
    "signature",
    "spoken_facts",
    "who",
]
