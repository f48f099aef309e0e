"""The rules, in the order in which they are tried."""

from sleeping_plugin.extract.rules import names, places, body, ties, work, leisure, habits  # isort: skip
from sleeping_plugin.extract.rules.base import RULES, Found, Said, said_of

__all__ = [
    "RULES",
    "Found",
    "Said",
    "body",
    "habits",
    "leisure",
    "names",
    "places",
    "said_of",
    "ties",
    "work",
]
