"""Finds who does what in a sentence: subject, verb and what follows, with pronouns resolved.

No grammar: a clause starts where a subject that we know how to read ("I", "my sister Mara,", "she",
"who", "Kaito") stands before a verb that agrees with it, and goes on to the next such place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sleeping_plugin.extract import values
from sleeping_plugin.extract.noun_phrases import (
    WORD,
    NounPhrase,
    NounPhraseReader,
    modified_role,
)
from sleeping_plugin.extract.people import (
    CAP,
    NAME,
    Entity,
    Role,
    is_name,
    read_aged,
    read_role,
    user_label,
)
from sleeping_plugin.extract.verbs import ADVERBS, BASE, BASE_AFTER, PAST, THIRD
from sleeping_plugin.relations.grammar import is_plural, words
from sleeping_plugin.relations.verbs import lemma

_ADV = re.compile(ADVERBS, re.IGNORECASE)
# Whose wife, dog or head, if not mine?
_OWN_FOLK = (
    r"wife|missus|hubby|husband|kids|head|boss|landlord|landlady|(?:little |small |wee |big )?"
    r"(?:one|fella|lad|lass)(?= (?:[a-z]+s|had|did|turned)\b)|eldest|youngest|"
    r"oldest|dog|cat|puppy|kitten|baby|in-laws|grandkids|grandchildren|twins|boyfriend|"
    r"girlfriend|missis"
)
_KIN = (
    r"(?:grand)?(?:son|daughter|mother|father)|brother|sister|niece|nephew|mum|mom|dad|mam|"
    r"brother-in-law|sister-in-law|mother-in-law|father-in-law|son-in-law|daughter-in-law"
)
_BARE_FOLK = (
    r"boy|girl|lad|lass|grandson|granddaughter|niece|nephew|papa|mama|daddy|grandad|"
    r"granny|nana|da|mam|"
    r"wife|wifey|missus|missis|nan|gran|grandma|grandpa|sis|bro|husband|hubby|gf|bf|mum|mom|dad|"
    r"boss(?: lady)?|landlord|flatmate|roommate|girlfriend|boyfriend|sister|brother|"
    r"(?:the )?(?:eldest|"
    r"youngest|oldest)|daughter|son|dog|cat|popsie|(?:car|van|truck|bike|tractor|"
    r"laptop|phone|camera)(?= is\b)|himself(?=, [A-Z])|herself(?=, [A-Z])"
)
_START = re.compile(
    r"\b(?P<poss>(?i:my|our|his|her|their|its|whose))\s+(?=\w)|"
    rf"\b(?P<the>(?:[Tt]he|[Oo]ur)(?=\s+(?:{_OWN_FOLK})\b(?! of\b| who\b| that\b| next\b"
    r"| over\b| across\b| opposite\b| down the\b| from\b))|"
    rf"(?<=[Tt]hat is )the(?=\s(?:{_KIN})\b(?! of\b)))\s+|"
    r"\b(?P<someone>[Tt]he)\s+(?=[a-z-]+(?: [a-z-]+)?, [A-Z])|"
    r"\b[Tt]he (?P<known>shop|boat|band|dog|cat|car|van|truck|bike|house|horse|parrot|puppy|"
    r"kitten|baby|company|"
    r"bakery|cafe|café|school|choir|club|blog|podcast|flat)\b(?= (?:is|has|was)\b)|"
    r"\b(?P<pro>I|(?i:we|he|she|they|it|who|which|that))\b(?!')|"
    rf"\bone of (?:them|whom|these), (?P<among>{CAP})|"
    r"\b(?P<det>(?i:an?|one|two|three|four|five|six|another|this)|[1-9])\s+(?=\w)|"
    rf"(?:^|(?<=, )|(?<=and )|(?<=but ))(?P<bare>(?i:{_BARE_FOLK}))\b(?=\s+[a-z]|, "
    rf"[A-Z]| [A-Z]\w+ (?:is|has|was|\w+s)\b)|"
    r"(?P<group>(?:(?<=have )|(?<=has )|(?<=got ))(?=(?:\w+ )?(?:boys|girls|sons|daughters|kids|"
    r"twins|dogs|"
    r"cats|brothers|sisters|rabbits|horses|hens|ferrets)\b))|"
    r"\b(?P<kin>Mum|Mom|Dad|Mammy|Mummy|Daddy|Granddad|Papa|Mama|Grandma|Grandpa|Gran|"
    r"Grandad|Nan|Nana|Mam|Granny)\b(?=\s+[a-z])|"
    rf"(?<![\w'])(?P<name>{NAME})(?P<own>'s?\s+(?=\w))?"
)
# "and I would rather not": somebody does something else, which is no statement
_ANOTHER = re.compile(
    r",?\s(?:and|but|so|or)\s(?:I|we|he|she|they|you|it)\s(?=(?:would|could|should|"
    r"might|may|will|can|"
    r"must|shall)\b)",
    re.IGNORECASE,
)
_HIM = re.compile(
    r"\b(?:him|her)\b(?=$|[,.;!?]| (?:and|but|to|with|in|at|on|about|for|so|when|if|that|because|a|"
    r"the|an)\b)",
    re.IGNORECASE,
)
_ELIDED = re.compile(
    r"(?:(?:and|but|also|still|so|ha|yes|now|actually|apparently|then)\b,? )*(?P<v>[a-z]+)\b",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(r"^(?:is|are|am|was|were|has|have|had|do|does|did|can)\b\s*")
_INTERJECTION = (
    r"\b(?:oh|ok|okay|lol|lmao|btw|anyway|also|haha|ha|yeah|yea|nah|nope|hm+|k|tho|thx|ty|ps)\b"
)
_GOVERNED = re.compile(
    r"\b(?:in|at|to|from|is|am|are|was|were|of|for|with|by|called|named|on|near|about|a|an|like|"
    r"than|"
    r"into|over|under|against|around|not|be|become|became|love|hate|see|met|meet|visit|visited|"
    r"the) ?$",
    re.IGNORECASE,
)
_PARENTHESIS = re.compile(
    r"(?:,? (?:who|which|whose|that) [^,;]{3,80},|, (?:an?|the|now|aged?|also|my|our|"
    r"\d+)\b[^,;]{1,60},"
    r"| \([^)]{1,40}\)|, (?:\w+ ){0,4}?by the way,|, of course,|, too,| and I(?= (?:are|have|live|"
    r"both|got|were))|"
    r" (?:and|&) (?P<with>I|me)\b|, [^,;:]{2,45},(?= \w+s\b))",
)
_ACQUIRED = re.compile(
    r"(?:have|has|got|own|owns|adopted|rescued|bought|keep|keeps|raise|raises|foster|fosters|"
    r"inherited|share|shares|live|lives)\b(?! to\b)",
    re.IGNORECASE,
)


_NEAREST = words("wife husband girlfriend boyfriend partner fiancé fiancée spouse")
_ASKS_FOR_CARE = re.compile(
    r"(?:(?:hey|ok|so|and|also|btw|right|now)\b,? )*(?:what|how|why|when|can|should|would|is|do)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One statement: who, and what is said of them."""

    subjects: tuple[Entity | None, ...]  # None: the user
    noun: str  # not empty: an attribute of the subject is spoken of
    verb: str  # from the verb to the end of the clause
    before: str  # what stands before the subject in this part of the sentence
    start: int
    pronoun: str  # the pronoun or name the subject was said with, lower case
    known: bool  # false: a bare name that nobody has introduced
    plural: bool


@dataclass(slots=True)
class _Start:
    begin: int
    verb: int
    subjects: tuple[Entity | None, ...]
    noun: str
    pronoun: str
    known: bool
    plural: bool


class Reader(NounPhraseReader):
    """Reads the clauses of one sentence; mentions are added to the cast on the way."""

    def clauses(self) -> Iterator[Clause]:
        """Yield the clauses in order; each is to be used before the next is asked for."""
        starts: list[_Start] = []
        for entity in self.cast.entities:
            at = re.search(rf"\b{re.escape(entity.name)}\b", self.text) if entity.name else None
            if at:
                entity.mention(self.here(at.start()))
        for match in _HIM.finditer(self.text):
            meant = self.cast.resolve(match.group(), self.here(match.start()))
            if meant is not None and meant.kind != "thing":
                meant.mention(self.here(match.start()))
        for match in re.finditer(rf"\b(?:married|engaged) (?:to|with) (?P<v>{CAP})", self.text):
            if is_name(match.group("v")) and self.cast.named(match.group("v")) is None:
                self.cast.meet("", "person", match.group("v"), "", self.here(match.start()))
        elided = self._elided_start()
        if elided:
            starts.append(elided)
        for match in _START.finditer(self.text):
            if any(a <= match.start() < b for a, b in self.covered):
                continue
            if match.group("det") or match.group("group") is not None:
                reach = self.covered[-1:]
                self._introduce(match, starts[-1] if starts else None)
                if self.covered[-1:] != reach:
                    starts += self._goes_on(*self.covered[-1])
                continue
            start = self._start(match)
            if start:
                starts.append(start)
        for index, start in enumerate(starts):
            stop = next(
                (s.begin for s in starts[index + 1 :] if s.begin > start.verb), len(self.text)
            )
            verb = re.split(values._HARD, self.text[start.verb : stop], maxsplit=1)[0]
            verb = _ANOTHER.split(verb, maxsplit=1)[0]
            yield Clause(
                start.subjects,
                start.noun,
                re.sub(r"[\s,]+(?:and|but|so|because|as|since|while|,|\s)*$", "", verb),
                self._before(start.begin, starts[index - 1] if index else None),
                start.begin,
                start.pronoun,
                start.known,
                start.plural,
            )

    def _elided_start(self) -> _Start | None:
        """Read "Works at Shopify.": the last one spoken of, who is not named again."""
        match = _ELIDED.match(self.text)
        if match is None or self.sentence.ends == "?":
            return None
        verb = match.group("v").lower()
        theirs = re.search(r"\b(?:his|her)\b", self.text)
        if verb not in THIRD and not (theirs and lemma(verb)[1] == "past"):
            return None
        here = self.here(0)
        last = [
            one
            for one in self.cast.entities
            if one.introduced
            and one.kind != "thing"
            and one.gender != "p"
            and one.before(here)[0] == self.turn
            and here[1] - one.before(here)[1] <= 1
            and one.before(here) < here
        ]
        if not last:
            return None
        who = max(last, key=lambda one: one.before(here))
        who.mention(here)
        return _Start(0, match.start("v"), (who,), "", "", True, False)

    def _goes_on(self, begin: int, end: int) -> list[_Start]:
        """Read on after "an apprentice of my own, Josh, good lad, supports Barnsley"."""
        on = re.match(r"(?:, [^,;:]{2,30})?, (?=(?P<v>[a-z]+s)\b)", self.text[end:])
        who = [
            one for one in self.cast.entities if one.before(self.here(begin)) == self.here(begin)
        ]
        if on is None or len(who) != 1 or who[0].gender == "p" or on.group("v") not in THIRD:
            return []
        return [_Start(begin, end + on.end(), (who[0],), "", "", True, False)]

    def _before(self, begin: int, last: _Start | None) -> str:
        """Return what stands between the last comma or conjunction and the subject.

        Who writes without commas starts anew with every subject, so there the words right before
        it count.
        """
        front = self.text[:begin]
        if self.sentence.casual:
            front = re.split(_INTERJECTION, front)[-1]
            if last is not None:
                said = re.sub(_AUXILIARY, "", self.text[last.verb : begin])
                front = " ".join(said.split()[-4:])
        after = re.split(r"[,;:()]|\s[-\u2013\u2014]+\s|\b(?:and|but|so|because|plus)\b", front)[-1]
        after = after.strip().lower()
        placed = after == "where" and re.search(r"\w,? where\s*$", front, re.IGNORECASE)
        return "" if placed and self.sentence.ends != "?" else after  # "the club, where I ..."

    def _introduce(self, match: re.Match[str], last: _Start | None) -> None:
        """Take note of "I have a brother called Tom", "a friend of mine, Ana,"."""
        ahead = self.text[match.end() :]
        read = read_role(ahead) or modified_role(ahead) or read_aged(ahead)
        if read is None:
            return
        if read[0].head in ("village", "town", "street", "house", "flat", "place"):
            return
        mine = re.match(r" of (?:mine|ours)\b", self.text[match.end() + read[1] :])
        if self._wonders_about(match, read[0]):
            return
        owner: Entity | None = None
        if not mine:
            if (match.group("det") or "").lower() == "this" or (
                last is None and re.search(r"(?:^|[,;:.] ?)$", self.text[: match.start()])
            ):
                told = read[0].plural and re.match(r":| in\b|,", self.text[match.end() + read[1] :])
                if told and (match.group("det") or "").lower() not in ("a", "an", "another"):
                    self.noun_phrase(match.end(), None, match.start())  # "Two sons: Simon ..."
                    return
                if read[0].kind != "pet" and (match.group("det") or "").lower() != "this":
                    return
                phrase = self.noun_phrase(match.end(), None, match.start(), introduced=True)
                if phrase and any(e.name for e in phrase.entities):
                    self.covered.append((match.start(), phrase.end))
                return
            if last is None or last.noun:
                return
            having = _ACQUIRED.match(self.text[last.verb :])
            beside = re.search(r"\bwith $", self.text[: match.start()])
            if not having and not beside:
                return
            owner = last.subjects[0]
            between = self.text[last.verb : match.start()].split(" ", 1)[-1]
            if not beside and re.search(r"\b(?:is|was|are|were|works|lives|became)\b", between):
                return  # "I have three daughters and one is a cardiologist"
            self.introduced.add(match.start())
        phrase = self.noun_phrase(match.end(), owner, match.start(), introduced=True)
        if phrase and phrase.entities:
            self.covered.append((match.start(), phrase.end))

    def _wonders_about(self, match: re.Match[str], role: Role) -> bool:
        """Note "what should I feed a collie?", "a wife who has just been promoted": likely mine."""
        asks = self.sentence.ends == "?" or _ASKS_FOR_CARE.match(self.text)
        single = (match.group("det") or "").lower() in ("a", "an") and not role.plural
        after = self.text[match.end() + len(role.text) :]
        near = role.head in _NEAREST and re.match(r" who (?:is|has)\b", after)
        if not (asks and single and (near or (role.kind == "pet" and role.head != "pet"))):
            return False
        bought = r"\b(?:get|buy|adopt|draw|call|name|have) an? $"
        if not near and re.search(bought, self.text[: match.end()]):
            return False
        label = user_label(role)
        if self.cast.of_label(label) is None:
            who = self.cast.meet(label, role.kind, "", role.gender, self.here(match.start()))
            who.sure = False
        return True

    def _start(self, match: re.Match[str]) -> _Start | None:
        begin = match.start()
        if match.group("poss") or match.group("the"):
            return self._possessive_start(match)
        if match.group("someone"):
            return self._someone_start(match)
        if match.group("among"):
            return self._among_start(match)
        if match.group("known"):
            entity = self.cast.of_label(f"my {match.group('known').lower()}")
            if entity is None or entity.seen[0] < self.turn - 1:
                return None
            entity.mention(self.here(begin))
            return self._at_verb(begin, match.end(), (entity,), "", "", singular=True)
        if match.group("bare"):
            phrase = self.noun_phrase(match.start("bare"), None, begin)
            if phrase is None or not phrase.entities:
                return None
            self.covered.append((begin, phrase.end))
            return self._phrase_start(begin, phrase, known=True)
        if match.group("kin"):
            word = match.group("kin").lower()
            label = f"my {word}"
            role = read_role(word)
            gender = role[0].gender if role else ""
            entity = self.cast.meet(label, "person", "", gender, self.here(begin))
            return self._at_verb(begin, match.end(), (entity,), "", "", singular=True)
        if match.group("pro"):
            return self._pronoun_start(match)
        return self._name_start(match)

    def _someone_start(self, match: re.Match[str]) -> _Start | None:
        """Read "the groom, Tommaso, makes cheese": somebody known by name from here on."""
        read = read_role(self.text[match.end() :])
        if read is None or read[0].kind == "thing":
            return None
        at = match.end() + read[1]
        names, end = self._names_after(self.text[at:], read[0])
        if len(names) != 1:
            return None
        label = f"the {read[0].text}"
        entity = self.cast.meet(
            label, read[0].kind, names[0], read[0].gender, self.here(match.start())
        )
        self.covered.append((match.start(), at + end))
        return self._at_verb(match.start(), at + end, (entity,), "", "", singular=True)

    def _among_start(self, match: re.Match[str]) -> _Start | None:
        """Read "three daughters, and one of them, Silke, is a cardiologist"."""
        several = [
            one
            for one in self.cast.entities
            if one.gender == "p" and one.before(self.here(match.start()))[0] == self.turn
        ]
        read = read_role(several[-1].label.partition(" ")[2]) if several else None
        if read is None or not is_name(match.group("among")):
            return None
        label, name = user_label(read[0]), match.group("among")
        entity = self.cast.meet(label, read[0].kind, name, "", self.here(match.start()))
        self.told.append((label, name, match.start(), ""))
        end = match.end() + (1 if self.text[match.end() :].startswith(",") else 0)
        return self._at_verb(match.start(), end, (entity,), "", "", singular=True)

    def _pronoun_start(self, match: re.Match[str]) -> _Start | None:
        begin, end, pronoun = match.start(), match.end(), match.group("pro").lower()
        if pronoun in ("i", "we"):
            return self._at_verb(begin, end, (None,), "", pronoun, singular=False)
        if pronoun in ("who", "which", "that"):
            before = self.text[:begin].rstrip(" ,")
            if re.search(r"\bone$", before) or not before:
                return None
            if re.search(r"\bas (?:someone|somebody|a person)$", before, re.IGNORECASE):
                return self._at_verb(begin, end, (None,), "", "i", singular=True)
            near = [
                entity
                for entity in self.cast.entities
                if entity.seen[:2] == (self.turn, self.sentence.index)
                and entity.seen[2] < begin
                and self._adjoins(entity.seen[2], begin)
            ]
            if not near:
                return None
            who = max(near, key=lambda entity: entity.seen)
            same = tuple(e for e in near if e.seen == who.seen) if who.gender == "p" else (who,)
            start = self._at_verb(begin, end, same, "", pronoun, singular=who.gender != "p")
            if start:
                start.known = who.introduced
            return start
        entity = self.cast.resolve(pronoun, self.here(begin))
        if entity is None or (pronoun == "it" and entity.kind == "person"):
            return None
        entity.mention(self.here(begin))
        start = self._at_verb(begin, end, (entity,), "", pronoun, singular=pronoun != "they")
        if start:
            start.known = entity.introduced
        return start

    def _adjoins(self, mention: int, begin: int) -> bool:
        """Tell whether nothing but the noun phrase itself stands between a mention and "who"."""
        between = self.text[mention:begin].rstrip(" ,")
        return len(between.split()) <= 7 and "," not in between.rstrip(",")[:-1].replace(
            ", ", " ", 1
        )

    def _name_start(self, match: re.Match[str]) -> _Start | None:
        name = match.group("name")
        begin, end = match.start(), match.end("name")
        first = name.split()[0]
        if _GOVERNED.search(self.text[:begin]):
            return None
        entity = self.cast.named(name)
        if entity is None and not is_name(first):
            rest = re.sub(rf"^{re.escape(first)}\s+", "", name)
            if rest == name or first == "The" or not is_name(rest.split()[0]):
                return None
            name, begin = rest, begin + match.group("name").index(rest)
            entity = self.cast.named(name)
        known = entity is not None and entity.introduced
        if entity is None:
            entity = Entity("", "person", name, "", introduced=False)
            entity.mention(self.here(begin))
        else:
            entity.mention(self.here(begin))
        if match.group("own") and match.group("own")[1:2] in ("s", " "):
            phrase = self.noun_phrase(match.end(), entity, begin)
            if phrase is None:
                return None
            if phrase.entities:
                self.covered.append((begin, phrase.end))
            return self._phrase_start(begin, phrase, known=known)
        other = re.match(rf" (?:and|&) (?P<other>{CAP}|I|me)\b", self.text[end:])
        if other:
            if other.group("other") in ("I", "me"):
                return self._at_verb(begin, end + other.end(), (None,), "", "we", singular=False)
            second = self.cast.named(other.group("other"))
            if second and known:
                both = (entity, second)
                return self._at_verb(begin, end + other.end(), both, "", name, singular=False)
        start = self._at_verb(begin, end, (entity,), "", name, singular=True)
        if start or re.match(r", who\b", self.text[end:]):
            self.cast.remember(entity)
        if start:
            start.known = known
        return start

    def _possessive_start(self, match: re.Match[str]) -> _Start | None:
        begin = match.start()
        word = (match.group("poss") or "my").lower()
        owner: Entity | None = None
        if word not in ("my", "our"):
            owner = self.cast.resolve("whose" if word == "whose" else word, self.here(begin))
            if owner is None:
                return None
            owner.mention(self.here(begin))
        phrase = self.noun_phrase(match.end(), owner, begin)
        if phrase is None:
            return None
        if phrase.entities:
            self.covered.append((begin, phrase.end))
        start = self._phrase_start(begin, phrase, known=True)
        aside = re.match(r", (?P<v>(?:an?|the) [^,;:()]{2,50})(?=$|,)", self.text[phrase.end :])
        if start is None and aside and len(phrase.entities) == 1:
            self.told.append((phrase.entities[0].subject, "", begin, aside.group("v")))
        return start

    def _note_topic(self, begin: int, phrase: NounPhrase) -> None:
        """Remember "my record" as what "it" may mean later on."""
        noun = re.sub(r"^(?:new|old|own|first|little) ", "", phrase.noun.lower())
        plain = re.fullmatch(r"(?!favo)[a-z]{3,}(?: [a-z]{3,})?", noun)
        if phrase.owner is None and plain and noun.split()[-1] not in _NO_TOPIC:
            self.cast.meet(f"my {noun}", "thing", "", "n", self.here(begin))

    def _phrase_start(self, begin: int, phrase: NounPhrase, *, known: bool) -> _Start | None:
        if phrase.noun:
            self._note_topic(begin, phrase)
        if phrase.entities:
            subjects: tuple[Entity | None, ...] = tuple(phrase.entities)
            role = phrase.role
            several = role is not None and (role.plural or is_plural(f"my {role.head}"))
            plural = several or len(subjects) > 1
            start = self._at_verb(begin, phrase.end, subjects, "", "", singular=not plural)
        else:
            singular = not is_plural(f"my {phrase.noun}")
            start = self._at_verb(
                begin, phrase.end, (phrase.owner,), phrase.noun, "", singular=singular
            )
        if start:
            start.known = known
        return start

    def _at_verb(
        self,
        begin: int,
        end: int,
        subjects: tuple[Entity | None, ...],
        noun: str,
        pronoun: str,
        *,
        singular: bool,
    ) -> _Start | None:
        """Return the clause start if a fitting verb stands after ``end``."""
        rest = self.text[end:]
        for _ in range(2):
            aside = _PARENTHESIS.match(rest)
            if not aside:
                break
            if aside.group("with"):
                subjects, singular, pronoun = (None,), False, "we"
            elif aside.group().startswith((", ", " (")) and len(subjects) == 1 and subjects[0]:
                self.told.append((subjects[0].subject, "", begin, aside.group().strip(" ,()")))
            end += aside.end()
            rest = self.text[end:]
        gap = re.match(r"[\s,]+", rest)
        if not gap:
            return None
        adverbs = _ADV.match(rest, gap.end())
        at = adverbs.end() if adverbs else gap.end()
        verb = WORD.match(rest, at)
        if not verb or not _agrees(verb.group(), rest[verb.end() :], singular, pronoun):
            return None
        return _Start(begin, end + at, subjects, noun, pronoun, True, not singular)


_NO_TOPIC = words(
    """
    name age birthday mind way life day week month year time job work head back knee hip shoulder
    hand hands feet eyes heart stomach fault turn guess bad goodness god mood problem question idea
    opinion side place home money health favourite best worst thing bit own
    """
)
_AFTER_VERB = words(
    "in on at to from for with by as a an the his her my our two three four every each last"
)
_SIMPLE = words("study live work play speak drive love like have teach make do hate eat sell")
_NO_VERB = words(
    """
    and or but not never no would will could should might may shall to the a an my your his
    her their our this that these those in on at of for with from if because so as when who what
    too either neither both all only just then there here alone myself he she they it we you is has
    was does yes thus always
    """
)


_SCHEDULED = words("retire marry arrive fly leave start move graduate return open turn")


def _agrees(verb: str, after: str, singular: bool, pronoun: str) -> bool:
    """Tell whether a word can be the verb of this subject."""
    lower = verb.lower()
    following = re.match(r"\s+(\w+)", after)
    then = following.group(1).lower() if following else ""
    if then in ("is", "are") and lower not in ("is", "are", "am"):
        return False
    if lower in PAST:
        return True
    if lower == "must":
        return then == "not"
    if lower == "will":
        return then in _SCHEDULED or bool(re.match(r"\s+be \d", after))
    if pronoun in ("i", "we") and not singular:
        return lower not in _NO_VERB
    if not singular:
        return lower in BASE or lower in ("are", "have")
    if lower in THIRD:
        return True
    if pronoun in ("he", "she") and lower in _SIMPLE:
        return True
    if pronoun in ("he", "she") and re.fullmatch(r"[a-z]{2,}(?:[^s]s|ed)", lower):
        return lower not in _NO_VERB
    if pronoun == "i":  # "as someone who lives"
        return False
    if pronoun and pronoun not in ("he", "she", "it", "they", "who", "that", "which"):
        return False  # "ER nurse in Atlanta" is no sentence about somebody called ER
    goes_on = then in _AFTER_VERB or re.match(r"\s+\d", after)
    if not pronoun and goes_on and lower not in _NO_VERB and lemma(lower)[1] in ("third", "past"):
        return True
    return lower in BASE and (then in BASE_AFTER or then.isdigit())
