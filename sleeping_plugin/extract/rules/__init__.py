"""The rules, in the order in which they are tried."""

from sleeping_plugin.extract.rules import (  # isort: skip
    names, places, body, ties, work, study, trades, belongings, leisure, tastes, habits,
)  # fmt: skip
from sleeping_plugin.extract.rules.base import RULES, Found, Said, said_of

__all__ = [
    "RULES",
    "Found",
    "Said",
    "belongings",
    "body",
    "habits",
    "leisure",
    "names",
    "places",
    "said_of",
    "study",
    "tastes",
    "ties",
    "trades",
    "work",
]
