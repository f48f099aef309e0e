"""Reads noun phrases: "my older sister Mara,", "two cats, Miso and Tofu", "favourite colour"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sleeping_plugin.extract import values
from sleeping_plugin.extract.people import (
    CAP,
    NAME,
    Cast,
    Entity,
    Place,
    Role,
    is_name,
    may_be_lower_name,
    read_aged,
    read_role,
    read_trade,
    user_label,
)
from sleeping_plugin.extract.sentences import Sentence
from sleeping_plugin.extract.verbs import ADVERBS, BASE, PAST, THIRD
from sleeping_plugin.relations.grammar import USER, words
from sleeping_plugin.relations.verbs import lemma

_ADV = re.compile(ADVERBS, re.IGNORECASE)
WORD = re.compile(r"[^\W\d_][\w'-]*")
_LOWER_I = re.compile(r"\bi\b")
_TAIL = re.compile(
    r" (?:since \w+|(?:from|at|in) (?:my |the )?(?:work|school|uni|university|college|church|"
    r"office|home|"
    r"next door|gym|choir|club|childhood|back home|team|village|street|class|book club)|next door|"
    r"upstairs|downstairs|of mine|of ours|down the road|across the street)\b",
    re.IGNORECASE,
)
_AWAY = re.compile(
    rf" (?:(?:over|up|down|out|back) )?in (?P<v>{CAP}(?:[ -]{CAP})*)(?:, {CAP}(?: {CAP})*(?=, "
    r"(?:called|named)))?"
    r"(?=,? (?:called|named|who|whose)\b|, [A-Z]|$| (?:is|has|was|works|lives|wants|says|and)\b)"
)
_CALLED = re.compile(
    r",? (?:(?:who|that|which) (?:is|are|was) )?(?:is |are )?(?:called|named|nicknamed|by the "
    r"name of)(?: is)? "
    r"|,? whose name(?:s)? (?:is|are) |,? (?:his|her|their|its) names? (?:is|are) ",
    re.IGNORECASE,
)
_COMPOUND = words(
    """
    food bed walker sitter toy toys collar park house owner insurance groomer leash lead shampoo
    show breeder number name names phone project trip leader meeting keys key door seat dealer loan
    payment repair wash race team class teacher training book club friend friends life story tax
    hair hotel kennel treats bowl litter tree tank cage box stuff side years days
    """
)


_STYLES = r"(?:sir|maam|madam|di|didi|bhai|bhaiya|anna|akka|ji|uncle|aunty|sensei|hyung|abla)"
_FOLLOWERS = words(
    """
    and or but who whom which that with for from in at on to of as just also always really never
    ever still now then actually only too even once often usually sometimes already recently
    currently both all not so because since if when while where here there yesterday today tomorrow
    i he she we they my his her our their a an the is are was were has have had will would can
    could should might must about by than like after before until yes no ok lol again back out up
    down last next this ago recently over
    """
)


@dataclass(slots=True)
class NounPhrase:
    """A subject that starts with a possessive, read."""

    owner: Entity | None  # None: the user
    role: Role | None  # None: an attribute of the owner
    entities: list[Entity] = field(default_factory=list)
    noun: str = ""  # the attribute
    end: int = 0
    told: list[tuple[str, str]] = field(default_factory=list)  # (label, name) said on the way


class NounPhraseReader:
    """Reads the noun phrases of one sentence; who is mentioned is added to the cast."""

    def __init__(self, sentence: Sentence, cast: Cast, turn: int) -> None:
        self.sentence = sentence
        self.text = _LOWER_I.sub("I", sentence.text) if sentence.casual else sentence.text
        if sentence.casual:
            self.text = _with_capital(self.text, cast, (turn, sentence.index, 0))
        self.cast = cast
        self.turn = turn
        self.told: list[tuple[str, str, int, str]] = []  # (label, name, place, age)
        self.covered: list[tuple[int, int]] = []
        self.introduced: set[int] = set()  # places of "a brother called Tom" in "I have ..."

    def here(self, at: int) -> Place:
        """Return the place of a mention."""
        return (self.turn, self.sentence.index, at)

    def noun_phrase(
        self, at: int, owner: Entity | None, begin: int, *, introduced: bool = False
    ) -> NounPhrase | None:
        """Read what follows a possessive at ``at``: a role with its name, or an attribute."""
        text = self.text[at:]
        ours = re.match(rf"(?P<v>{CAP})(?= (?:is|has|was|lives|works)\b|,|$)", text)
        if ours and owner is None and is_name(ours.group("v")) and not read_role(text):
            entity = self.cast.named(ours.group("v")) or Entity("", "person", ours.group("v"), "")
            self.cast.remember(entity)
            entity.mention(self.here(begin))
            return NounPhrase(None, None, [entity], end=at + ours.end())
        read = read_role(text) or modified_role(text) or read_trade(text) or read_aged(text)
        if read is None:
            return self._attribute(at, owner)
        role, length = read
        if re.search(r"\b(?:[2-9]|two|three|four|five|six) $", self.text[:at]):
            role = replace(role, plural=True)  # "2 daughter"
        at += length
        rest = self.text[at:]
        own = re.match(r"('s|s'|')\s+(?=\w)|\s+(?=(?:names?|birthday|bday) (?:is|are)\b)", rest)
        holder = owner.subject if owner else USER
        if own and not re.match(r"'s (?:called|named)", rest):
            entity = self._meet(role, holder, "", begin)
            deeper = self.noun_phrase(at + own.end(), entity, begin)
            return deeper
        follows = WORD.match(rest.lstrip(" ")) if rest.startswith(" ") else None
        if follows and follows.group().lower() in _COMPOUND and not verb_like(follows.group()):
            return self._attribute(at - length, owner)
        tail = _TAIL.match(rest)
        if tail:
            at += tail.end()
            rest = self.text[at:]
        elsewhere = _AWAY.match(rest) if role.kind == "person" and not tail else None
        if elsewhere and is_name(elsewhere.group("v").split()[-1]):
            at += elsewhere.end()
            rest = self.text[at:]
        found, end = self._names_after(rest, role, introduced=introduced)
        if not found and follows and not tail and self._is_compound(follows.group(), role):
            return self._attribute(at - length, owner)
        phrase = NounPhrase(owner, role, end=at + end)
        born = re.match(r",? (?P<v>born (?:on|in) [^,.;]+)", self.text[phrase.end :])
        for name in found or [""]:
            entity = self._meet(role, holder, name, begin)
            phrase.entities.append(entity)
            if name:
                self.told.append((user_label(role, holder), name, begin, role.age))
        if elsewhere and len(phrase.entities) == 1:
            place = f"lives in {elsewhere.group('v')}"
            self.told.append((phrase.entities[0].subject, "", begin, place))
        if born and len(phrase.entities) == 1:
            self.told.append((phrase.entities[0].subject, "", begin, born.group("v")))
        if not found and role.age:
            self.told.append((user_label(role, holder), "", begin, role.age))
        return phrase

    def _meet(self, role: Role, holder: str, name: str, begin: int) -> Entity:
        label = user_label(role, holder)
        if role.plural and not name:
            label = f"my {role.text}" if holder == USER else f"{holder}'s {role.text}"
        gender = "p" if role.plural and not name else role.gender if role.gender != "p" else ""
        return self.cast.meet(label, role.kind, name, gender, self.here(begin))

    def _is_compound(self, word: str, role: Role) -> bool:
        """Tell "my dog food" and "my school project" from "my dog sleeps"."""
        lower = word.lower()
        if word[0].isupper() or verb_like(word) or lower in _FOLLOWERS | {"under", "over"}:
            return False
        if self.sentence.casual and role.kind == "person" and lower not in _COMPOUND:
            return False
        if role.plural and lower in BASE:
            return False
        return not lower.endswith(("ed", "s", "ly", "ing")) or lower in _COMPOUND

    def _names_after(
        self, rest: str, role: Role, *, introduced: bool = False
    ) -> tuple[list[str], int]:
        """Read the names that follow a role; return them and where they end."""
        casual = self.sentence.casual
        called = _CALLED.match(rest)
        if called and not (role.kind == "person" and re.search(r"nicknamed", called.group())):
            if role.kind == "thing":
                title = values.title(rest[called.end() :])
                return ([title], called.end() + len(title)) if title else ([], 0)
            found, end = values.names(rest[called.end() :], casual=casual, several=role.plural)
            return found, (called.end() + end if found else 0)
        too = re.match(r" (?:too|as well|now|here|as a pet)(?=, )", rest)
        if too:
            found, end = self._names_after(rest[too.end() :], role, introduced=introduced)
            return found, end + too.end() if found else 0
        direct = re.match(
            r"\s*(?P<mark>[,:(-]?)\s*(?:(?:wee|little|young|baby|old) (?=[A-Z]))?['\"]?", rest
        )
        mark = direct.group("mark") if direct else ""
        if direct is None or (not mark and not rest.startswith(" ")):
            return [], 0
        after = rest[direct.end() :]
        found, end = values.names(after, casual=False, several=role.plural or mark in (":", "("))
        if not found and casual and role.plural and mark in (",", ":"):
            found, end = values.names(after, casual=True, several=True)
            return (found, direct.end() + end) if len(found) > 1 else ([], 0)
        if role.kind == "thing":
            title = values.title(after) if mark in (",", "(") else ""
            stops = title and re.match(r"\s*(?:,|$|\)|[.;])", after[len(title) :])
            return ([title], direct.end() + len(title)) if stops else ([], 0)
        if found:
            closes = after[end:]
            if mark == "," and not re.match(r"\s*(?:,|$|\)|\(|-|who\b|and I\b|whom\b)", closes):
                return [], 0
            if mark == "-" and not re.match(r"\s*(?:-|$|,)", closes):
                return [], 0
            close = re.match(r"\s*\)|,(?=\s)", closes) if mark else None
            return found, direct.end() + end + (close.end() if close else 0)
        styled = (
            re.match(rf"([a-z]{{3,}}),? (?:she|he|who|shes|hes|{_STYLES})\b", after)
            if casual and mark == ","
            else None
        )
        if styled and may_be_lower_name(styled.group(1)) and role.kind != "thing":
            return [styled.group(1)], direct.end() + styled.end(1)
        if casual and not mark and role.kind != "thing" and role.head != "head":
            found, end = self._lower_name(after, direct.end(), role)
            if found:
                return found, end
        beside = re.match(r" (?:in|from|at|over|down|up|of|who) ", rest)
        return self._late_name(rest) if (introduced or beside) and not mark else ([], 0)

    def _late_name(self, rest: str) -> tuple[list[str], int]:
        """Read "a boyfriend from Ireland, Sean," and "a tortoise older than me, Gladstone"."""
        late = re.match(rf"(?P<gap> [a-z][\w' -]{{2,40}}?), (?P<v>{NAME})(?=,|$|[.;)])", rest)
        if not late or not is_name(late.group("v").split()[0]):
            return [], 0
        if re.search(
            r"\b(?:and|but|because|so|one of)\b|\b(?:I|we|he|she|they|is|are|was|in|near)$",
            late.group("gap"),
        ):
            return [], 0
        return [late.group("v")], late.end()

    def _lower_name(self, after: str, offset: int, role: Role) -> tuple[list[str], int]:
        """Read "my sister ann lives": a lower-case word between a role and a verb."""
        word = re.match(r"[a-z]+\b", after)
        if not word or not may_be_lower_name(word.group()) or verb_like(word.group()):
            return [], 0
        if word.group() in _COMPOUND:
            return [], 0
        rest = after[word.end() :].lstrip()
        verb = WORD.match(_ADV.sub("", rest, count=1)) if rest else None
        then = verb.group().lower() if verb else ""
        ends = not rest or rest[0] in ",.)!?" or re.match(r"and (?:i|my|our|we|the)\b", rest)
        goes_on = then in _FOLLOWERS | {"under", "over", "says"}
        acts = re.fullmatch(r"[a-z]{3,}[^su]s", then)
        person = role.kind == "person" and (goes_on or acts)
        styled = re.fullmatch(_STYLES, then)
        if ends or person or styled or verb_like(then) or re.match(r"(?:who|and i)\b", rest):
            return [word.group()], offset + word.end()
        return [], 0

    def _attribute(self, at: int, owner: Entity | None) -> NounPhrase | None:
        """Read "favourite colour" in "my favourite colour is": the words up to the verb."""
        text = self.text[at:]
        words_read = 0
        position = 0
        while words_read < 7:
            word = re.compile(r"[\w'&.-]+").match(text, position)
            if not word:
                break
            lower = word.group().lower()
            if words_read and (lower in PAST | {"is", "are", "has"} or lower in THIRD - {"works"}):
                after = re.match(r"\s+(\w+)", text[word.end() :])
                if not (after and after.group(1).lower() in ("is", "are", "was", "were")):
                    break
            words_read += 1
            position = word.end()
            space = re.compile(r"\s+").match(text, position)
            if not space:
                break
            position = space.end()
        noun = text[:position].strip()
        if not noun or not words_read:
            return None
        return NounPhrase(owner, None, noun=noun, end=at + len(noun))


def _with_capital(text: str, cast: Cast, here: Place) -> str:
    """Write the name at the start of a sentence large: "brandon works at shopify"."""
    front = re.match(
        r"(?:(?:and|but|so|oh|also|btw|lol|ha|yeah|anyway|ok)\b,? )*(?P<v>[a-z]{3,}) ", text
    )
    verb = WORD.match(text, front.end()) if front else None
    if not front or not verb or verb.group() not in THIRD - {"has"} | {"was", "has"}:
        return text
    word = front.group("v")
    known = cast.named(word)
    if not (known and known.introduced):
        if cast.unnamed(here) is None or not may_be_lower_name(word) or word in _FOLLOWERS:
            return text
        if word in BASE or verb_like(word) or read_role(word) or word in cast.taken:
            return text
    at = front.start("v")
    return text[:at] + word.capitalize() + text[at + len(word) :]


def modified_role(text: str) -> tuple[Role, int] | None:
    """Read a role after one or two words that we do not know: "pipe band", "salsa partner"."""
    front = re.match(r"(?:[a-z][\w-]+ ){1,2}?(?=[a-z])", text)
    for length in (1, 2):
        front = re.match(rf"(?:[a-z][\w-]+ ){{{length}}}(?=[a-z])", text)
        if front is None:
            return None
        before = front.group().split()
        if re.match(r"(?:blood|fav\w*|preferred|least)\b", text):
            return None
        if any(w in _FOLLOWERS or verb_like(w) or w in BASE - {"work", "dance"} for w in before):
            return None
        read = read_role(text[front.end() :])
        if read and not read[0].plural:
            role = read[0]
            return replace(role, text=f"{front.group()}{role.text}"), front.end() + read[1]
    return None


_ADJECTIVAL = words("red wicked naked sacred aged shed bed speed feed seed weed breed")


def verb_like(word: str) -> bool:
    lower = word.lower()
    known = lower in THIRD or lower in PAST or lower in ("am", "are", "is", "have", "says", "said")
    return known or (lemma(lower)[1] == "past" and lower not in _ADJECTIVAL)
