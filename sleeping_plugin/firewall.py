"""What may not become a fact, one filter for each reason; the strictest ruling wins.

Extractors are meant to find; these are meant to refuse. They look at the turn itself, so that no
extractor, not even a stranger's, can teach what the user did not state in their own words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from sleeping_plugin.extract.guard import is_asked, is_supposed
from sleeping_plugin.extract.sentences import expand, sentences
from sleeping_plugin.extract.voice import own_words, plain
from sleeping_plugin.hookspecs import FactFilter, hookimpl
from sleeping_plugin.records import Candidate, Ruling, Turn, Verdict
from sleeping_plugin.redact import REDACTED, find_secrets
from sleeping_plugin.relations.grammar import words

OK = Verdict(Ruling.ACCEPT)
MAX_WORDS = 9
MAX_LETTERS = 80
SECRET_NOUNS = re.compile(
    r"\b(?:password|passphrase|passcode|pass ?word|pin|pin code|login|log-?in|credentials?|cvv|cvc|"
    r"api key|secret|token|card number|iban|account number|security code|recovery (?:code|phrase)|"
    r"seed phrase|combination|door code|alarm code|code for|social security number|ssn)\b",
    re.IGNORECASE,
)
PUPPETS = re.compile(
    r"\b(?:avatar|character|alter ego|persona|protagonist|hero|heroine|toon|sim|narrator|villain"
    r"|wizard|elf|dwarf|paladin|rogue|imaginary friend)(?:'s\b.*)?$",
    re.IGNORECASE,
)
MOODS = words(
    """
    tired hungry thirsty sick ill sad happy angry bored busy late early ready sorry sure fine good
    great bad okay ok well cold hot warm excited nervous anxious stressed exhausted lonely confused
    curious glad proud worried afraid upset annoyed furious lost stuck back home here there done
    drunk hungover sleepy awake asleep broke free alive dead right wrong serious kidding joking
    awesome amazing terrible horrible cool nice lovely better worse best worst new old big small
    """
)
CODE_PARTS = re.compile(
    r"^my (?:[\w-]+ )?(?:variable|script|branch|column|class|function|method|file|folder|repo"
    r"|repository|module|package|container|pod|bucket|endpoint|field|dataframe|array|index|component"
    r"|workflow|commit|loop|parameter|argument|constant|struct|enum|schema|query|macro|cell|sheet)$",
    re.IGNORECASE,
)
EMPTY = words(
    """
    it that this them these those one ones him her me you us i we he she they something anything
    nothing everything someone anyone nobody everybody thing things stuff lot yes no maybe not none
    unknown n/a na null the a an of to in on at my your his their our and or but what who where when
    why how which there here today tomorrow yesterday user assistant name value
    """
)


def normal(text: str) -> str:
    """Return ``text`` as it is compared: lower case, plain quotes, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", plain(text)).casefold().split())


def holds(text: str, value: str) -> bool:
    """Tell whether ``value`` stands in ``text``, as whole words."""
    pattern = rf"(?<!\w){re.escape(normal(value))}(?!\w)"
    return bool(value.strip()) and re.search(pattern, normal(text)) is not None


class Speaker:
    """Only the user's turns are read."""

    name = "speaker"

    def judge(self, candidate: Candidate, turn: Turn) -> Verdict:
        """Reject what no user said."""
        if turn.role == "user" and turn.id == candidate.turn:
            return OK
        return Verdict(Ruling.REJECT, "you did not say this yourself")


class Grounded:
    """The value stands in the turn, word for word."""

    name = "grounded"

    def judge(self, candidate: Candidate, turn: Turn) -> Verdict:
        """Reject a value that the turn does not hold."""
        if holds(turn.text, candidate.value) or holds(expand(turn.text), candidate.value):
            return OK
        return Verdict(Ruling.REJECT, f"{candidate.value!r} is not in your own words")


class Pasted:
    """The value stands in the user's own voice, outside quotes, mails and code."""

    name = "pasted"

    def judge(self, candidate: Candidate, turn: Turn) -> Verdict:
        """Reject a value that is in pasted text alone."""
        voice = own_words(turn.text)
        if holds(voice, candidate.value) or holds(expand(voice), candidate.value):
            return OK
        return Verdict(Ruling.REJECT, "it is in text that you pasted or quoted")


class Secret:
    """No passwords, numbers of cards and the like, and nothing that stands for them."""

    name = "secret"

    def judge(self, candidate: Candidate, turn: Turn) -> Verdict:
        """Reject what is, or belongs to, a secret."""
        del turn
        told = f"{candidate.relation} {candidate.value} {candidate.answer}"
        if (
            REDACTED in told
            or SECRET_NOUNS.search(candidate.relation)
            or find_secrets(candidate.value)
            or find_secrets(candidate.answer)
        ):
            return Verdict(Ruling.REJECT, "it looks like a secret")
        return OK


class MadeUp:
    """No role-play, suppositions or rules for the assistant."""

    name = "made-up"

    def judge(self, candidate: Candidate, turn: Turn) -> Verdict:
        """Reject a value that only sentences hold which are not meant in earnest."""
        if CODE_PARTS.match(candidate.subject):
            return Verdict(Ruling.REJECT, "it is a part of a program or a file")
        if PUPPETS.search(candidate.subject):
            return Verdict(Ruling.REJECT, "it is about somebody made up")
        earnest = [s for s in sentences(turn.text) if _in(s.text, s.raw, candidate.value)]
        if not earnest:
            return Verdict(Ruling.REJECT, "it is made up, an instruction or a joke")
        if all(is_supposed(s.text, candidate.value) for s in earnest):
            return Verdict(Ruling.REJECT, "it is a supposition, a wish or hearsay")
        return OK


class Asked:
    """A question states nothing, but it may name somebody: "for my sister Mara?"."""

    name = "asked"

    def judge(self, candidate: Candidate, turn: Turn) -> Verdict:
        """Reject a value that is only asked for."""
        if candidate.relation == "name" and candidate.subject != "user":
            return OK
        if not holds(candidate.evidence, candidate.value):
            return OK  # "Is there a cure for tinnitus? I've had it for years."
        held = [s for s in sentences(turn.text) if _in(s.text, s.raw, candidate.value)]
        if held and all(is_asked(s.text, s.ends, candidate.value) for s in held):
            return Verdict(Ruling.REJECT, "it is in a question")
        return OK


class Junk:
    """A value says something: it is short, no pronoun and no mood."""

    name = "junk"

    def judge(self, candidate: Candidate, turn: Turn) -> Verdict:
        """Reject values that are no values."""
        del turn
        value = candidate.value.strip()
        inner = [word.strip(".,;:!?'\"") for word in value.lower().split()]
        if len(inner) > MAX_WORDS or len(value) > MAX_LETTERS:
            return Verdict(Ruling.REJECT, "it is too long for a fact")
        if not re.search(r"\w", value) or all(word in EMPTY for word in inner):
            return Verdict(Ruling.REJECT, "it says nothing by itself")
        if len(inner) == 1 and inner[0] in MOODS:
            return Verdict(Ruling.REJECT, "it is a mood, not a lasting fact")
        if normal(value) in (normal(candidate.subject), normal(candidate.relation)):
            return Verdict(Ruling.REJECT, "it only repeats what it is about")
        return OK


def _in(text: str, raw: str, value: str) -> bool:
    return holds(text, value) or holds(raw, value)


FILTERS: tuple[FactFilter, ...] = (
    Speaker(), Grounded(), Pasted(), Secret(), MadeUp(), Asked(), Junk(),
)  # fmt: skip


@hookimpl
def register_fact_filters(register: Callable[[FactFilter], None]) -> None:
    """Register every filter of this module."""
    for one in FILTERS:
        register(one)
