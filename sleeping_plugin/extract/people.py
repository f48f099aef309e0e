"""Who is talked about: people, animals and things around the user, their names, and pronouns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.lexicon import (
    BREEDS,
    FEMALE,
    LANGUAGES,
    MALE,
    MONTHS,
    NATIONALITIES,
    NUMBERS,
    PERSON_ROLES,
    PLURAL_ROLES,
    RELIGIONS,
    ROLE_MODIFIERS,
    SINGULAR_PETS,
    THINGS,
    WEEKDAYS,
)
from sleeping_plugin.relations.grammar import USER, words

UP = "A-Z" + "".join(chr(code) for code in range(0xC0, 0x530) if chr(code).isupper())
TITLE = (
    r"(?:Engr|Reverend|Rev|Sgt|Capt|Colonel|Col|Alhaji|Rabbi|Imam|Mister|Doc|Pastor|Coach|Chef|"
    r"Mr|Mrs|Ms|Miss|Dr|Doctor|Prof|Professor|Sir|Dame|Lady|Lord|"
    r"Father|Sister|Brother|Uncle|Aunt|Auntie|Madame|Monsieur|Señor|Señora|Herr|Frau|Captain|Old|"
    r"Little|Big|Saint|St)\.?"
)
CAP = rf"(?!I\b)[{UP}](?:[\w-]|'(?!s\b|\W|$))*"
_LINK = (
    r"(?:van|von|de|da|del|dela|der|den|di|du|dos|la|le|el|al|bin|ibn|ben|y|of|the|af|av|ter|ten)"
)
NAME = (
    rf"(?:{TITLE} (?:(?:de|van|von|der|den|di|da|al|el) ){{0,2}})?{CAP}(?: (?:{_LINK} "
    rf"){{0,2}}{CAP}){{0,3}}"
)
NAME_RE = re.compile(NAME)

NOT_NAMES = (
    (MONTHS - words("april may june august jan jun jul mar feb dec nov oct sep aug apr"))
    | WEEKDAYS
    | RELIGIONS
    | (LANGUAGES | NATIONALITIES) - words("french english")
    | words(
        """
    i a an the and but or so if when where what who why how is am are was were be been my your his
    her our their its it he she we they you this that these those there here yes no not never ok
    okay hi hello hey thanks thank please sorry well oh ah ha haha lol wow also then than too just
    very really today tomorrow yesterday now later soon maybe perhaps actually anyway god jesus
    christmas easter monday english french german spanish at in on of to from for with by about as
    do does did has have had can could would will should may might must one two three four five six
    seven eight nine ten first second third last next good great nice lovely morning afternoon
    evening night noted right sure true fun fair grand funny quick which whose because since while
    although though after before until some any all both each every most more much many lots other
    another such only even still yet already always usually often sometimes myself mine ours him
    them us me tv pc dj ceo phd ai llm chatgpt gpt claude assistant internet google facebook
    whatsapp instagram youtube netflix amazon covid btw fyi asap etc unfortunately luckily honestly
    apparently speaking wait stop look listen see mind hang hold ask tell ta aye nope yep yeah nah
    oi
    merci grazie danke gracias bravo brilliant perfect exactly indeed absolutely definitely totally
    cheers welcome congratulations sounds seems looks feels makes gets goes got need trouble thing
    things people someone somebody everyone everybody nobody nothing something everything anyone
    anybody anything whoever whatever whenever wherever however besides anyhow meanwhile otherwise
    therefore instead rather despite during regarding concerning given yours theirs hers dear sir
    madam guys folks mate buddy pal dude man boy girl lady gentlemen kids parents family friends
    work school university college church home house city town village country street road north
    south east west summer winter spring autumn year month week day hour minute half quarter
    birthday wedding holiday weekend breakfast lunch dinner supper tea coffee water milk bread
    cheese food music art history science maths math sport football life death time money health
    luck hope faith truth peace war question answer problem idea plan part point case fact reason
    way example number name list word page chapter book song film movie picture photo letter email
    mail message text note call phone computer laptop car bus train bike plane boat ship dog cat
    horse bird fish cow pig sheep hen mum mom dad grandma grandpa mother father brother sister son
    daughter wife husband doctor teacher boss neighbour neighbor bit fingers touch bless damn hell
    crap wish want thought thinking feeling looking going coming trying being having making taking
    getting doing saying knowing reading writing talking working living learning moving turning
    happy sad tired hungry busy bored sick ill cold hot warm wet dry big small large little tiny
    huge long short tall high low old new young best worst better worse same different whole full
    empty open closed early late fast slow easy hard simple strange weird mystery magic silly crazy
    mad nuts wild poor rich free cheap expensive real fake total obviously clearly simply mostly
    mainly nearly almost basically literally seriously technically typically normally generally
    especially particularly finally eventually suddenly recently lately currently originally
    formerly previously back off let like love
    """
    )
)
_STOP_AFTER_ROLE = words(
    """
    and or but is was are were has have had do does did who whom that which with for from in at on
    to of as just also always really never ever still now then actually only too even once often
    usually sometimes already recently currently both all not so because since if when while where
    lives works plays loves likes says said thinks wants knows told gave got went came came's left
    died moved will would could should can may might must there here today yesterday tomorrow
    tonight again said's keeps makes takes calls called named turns turned speaks studies teaches
    drives runs owns hates enjoys needs about by than like after before until yes no ok lol haha
    say tell think want go see
    birthday name names house car room job work school phone stuff things place food bed toy friend
    friends family wedding party problem problems whole up down out over off back away together
    alone either neither very quite pretty kinda sorta definitely probably maybe basically
    literally apparently the a an my your his her our their this these those some any it he she we
    they i you me him us them one two three four five six seven eight nine ten first second last
    next other
    """
)

_POSSESSIVE = r"(?:my|our|his|her|their|whose)"
_MODS = "|".join(sorted((re.escape(word) for word in ROLE_MODIFIERS), key=len, reverse=True))
_ROLES = "|".join(
    sorted(
        (
            re.escape(word)
            for word in PERSON_ROLES | SINGULAR_PETS | BREEDS | THINGS | set(PLURAL_ROLES)
        ),
        key=len,
        reverse=True,
    )
)
ROLE_NP = re.compile(
    rf"(?P<mods>(?:(?:{_MODS}|\d+[- ](?:year|yr|month|week)s?[- ]old|[a-z]+-[a-z]+),? )*?)"
    rf"(?P<role>(?:{_ROLES})(?:s|es)?(?:(?: |-)in(?: |-)law)?)\b(?!-)(?! (?:{_ROLES})(?:s|es)?\b)",
    re.IGNORECASE,
)
_TAIL = (
    r"(?:(?: (?:from|at|in) (?:my )?(?:work|school|uni|university|college|church|the office|home|"
    r"next door|upstairs|downstairs|down the road|across the street|the gym|childhood|back home))"
    r"| next door| upstairs| of mine| of ours)?"
)


Place = tuple[int, int, int]  # turn of the user, sentence, character


@dataclass(slots=True)
class Entity:
    """Somebody or something that facts may be about, besides the user."""

    label: str  # "my sister", "Mara's husband", "my boat"; a bare name where no role is known
    kind: str  # person, pet, thing
    name: str = ""
    gender: str = ""  # m, f, p (several), or unknown
    introduced: bool = True  # false: a capitalised word that may be somebody's name
    sure: bool = True  # false: "what do I feed a collie?" may be about the user's own
    mentions: list[Place] = field(default_factory=list)

    @property
    def seen(self) -> Place:
        """Return the place of the last mention."""
        return max(self.mentions, default=(-9, 0, 0))

    def mention(self, place: Place) -> None:
        """Note that the entity is spoken of at ``place``."""
        self.mentions.append(place)

    def before(self, place: Place) -> Place:
        """Return the last mention up to ``place``."""
        return max((one for one in self.mentions if one <= place), default=(-9, 0, 0))

    @property
    def subject(self) -> str:
        """How facts call this entity."""
        return self.name or self.label


_HEARD = re.compile(
    rf"(?<![\w'])(?<!\bin )(?<!\bat )(?<!\bfrom )(?<!\bto )(?<!\bnear )(?<!\bof )(?<!\bthe )"
    rf"(?<!\ban )(?<!\ba )(?P<v>(?![A-Z]{{2,}}\b){CAP}(?: {CAP})*)"
)


@dataclass(slots=True)
class Cast:
    """Everybody mentioned so far in one conversation."""

    entities: list[Entity] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)  # values of facts so far, no names of people
    strangers: list[tuple[Place, str]] = field(default_factory=list)  # with gender, if known
    heard: list[tuple[str, Place]] = field(default_factory=list)  # words that look like names
    asked: str = ""  # what the assistant said right before

    def hear(self, text: str, turn: int, sentence: int) -> None:
        """Note the words of a sentence that may name somebody."""
        for match in _HEARD.finditer(text):
            first = match.start() == 0 and not re.match(r"'s| [a-z]|, that is", text[match.end() :])
            placed = re.search(
                rf"{CAP}, $|\b(?:outside|around) $|"
                rf"\b(?:[Nn]ame is|I am|[Tt]his is|[Cc]all me) (?:{CAP} )*$",
                text[: match.start()],
            )
            if not first and not placed and is_name(match.group("v").split()[0]):
                self.heard.append((match.group("v"), (turn, sentence, match.start())))

    def last_heard(self, here: Place) -> str:
        """Return the last name before ``here`` that is nobody's yet, at most a turn back."""
        for name, place in reversed(self.heard):
            known = self.named(name)
            free = known is None or not known.label
            if place < here and here[0] - place[0] <= 1 and (free or place[:2] == here[:2]):
                return name if free else ""
        return ""

    def meet(self, label: str, kind: str, name: str, gender: str, seen: Place) -> Entity:
        """Return the entity of that label and name, new or known, as mentioned at ``seen``."""
        entity = self._known(label, name)
        if entity is None:
            entity = Entity(label, kind, name, gender)
            self.entities.append(entity)
        entity.name = entity.name or name
        entity.gender = entity.gender or gender
        entity.mention(seen)
        return entity

    def remember(self, entity: Entity) -> None:
        """Add an entity, as somebody whom a pronoun may mean."""
        if not any(entity is one for one in self.entities):
            self.entities.append(entity)

    def unnamed(
        self, here: Place, *, reach: int = 1, gender: str = "", alone: bool = False
    ) -> Entity | None:
        """Return the person or animal spoken of before ``here`` whose name is still to come.

        The last one mentioned counts, up to ``reach`` sentences back; where this message has none
        so far, the one of the message before, if it is one. ``gender`` is that of a pronoun that
        stands beside the name; ``alone`` says that the name is a sentence of its own.
        """
        waiting = [
            entity
            for entity in self.entities
            if entity.introduced
            and not entity.name
            and entity.kind != "thing"
            and entity.gender != "p"
            and entity.before(here) < here
            and here[0] - entity.before(here)[0] <= 1
            and re.match(r"my [^']*$", entity.label)
            and not (gender and entity.gender and entity.gender != gender)
        ]
        near = [
            entity
            for entity in waiting
            if entity.before(here)[0] == here[0] and here[1] - entity.before(here)[1] <= reach
        ]
        if near:
            return max(near, key=lambda entity: entity.before(here))
        earlier = [entity for entity in waiting if entity.before(here)[0] < here[0]]
        sure = len(earlier) == 1 and len(waiting) == 1 and here[1] <= (1 if alone else 0)
        return earlier[0] if sure else None

    def several(self, here: Place) -> Entity | None:
        """Return "my kids" of "We've got three kids": the names come one by one."""
        groups = [
            entity
            for entity in self.entities
            if entity.gender == "p"
            and not entity.name
            and re.match(r"my [^']*$", entity.label)
            and (
                (entity.before(here)[0] == here[0] and here[1] - entity.before(here)[1] <= 2)
                or (entity.before(here)[0] == here[0] - 1 and here[1] <= 1)
            )
            and entity.before(here) < here
        ]
        return max(groups, key=lambda entity: entity.before(here)) if groups else None

    def named(self, name: str) -> Entity | None:
        """Return the entity that goes by ``name`` (or its first word)."""
        for entity in reversed(self.entities):
            called = entity.name.lower()
            if called and name.lower() in (called, called.split()[0], called.split()[-1]):
                return entity
        return None

    def of_label(self, label: str) -> Entity | None:
        """Return the entity last called ``label``."""
        for entity in reversed(self.entities):
            if entity.label.lower() == label.lower():
                return entity
        return None

    def resolve(self, pronoun: str, here: Place) -> Entity | None:
        """Return whom ``pronoun`` means at ``here``: the last fitting mention, not far back."""
        wanted = _PRONOUNS[pronoun.lower()]
        fitting = [
            entity
            for entity in self.entities
            if here[0] - entity.before(here)[0] <= 1 and self._fits(entity, pronoun, here)
        ]
        if not fitting:
            return None
        last = max(fitting, key=lambda entity: entity.before(here))
        if wanted[0] in ("m", "f") and any(
            last.before(here) < place < here
            and here[1] - place[1] <= 1
            and gender in ("", wanted[0])
            for place, gender in self.strangers
            if place[0] == here[0]
        ):
            return None  # "My boss is away. Some guy came, he is ..."
        exact = [entity for entity in fitting if entity.gender == wanted[0] != ""]
        if last.before(here)[0] < here[0]:  # nobody in this message
            if here[1] > 0 and len(fitting) > 1 and len(exact) != 1:
                return None  # too far back to be sure
            last = exact[-1] if len(exact) == 1 else last
        same = [one for one in exact if one.before(here)[:2] == last.before(here)[:2]]
        best = last if last in exact or not same else max(same, key=lambda one: one.before(here))
        if pronoun.lower() in ("he", "him", "his"):
            best.gender = best.gender or "m"
        elif pronoun.lower() in ("she", "her"):
            best.gender = best.gender or "f"
        return best

    def _fits(self, entity: Entity, pronoun: str, here: Place) -> bool:
        """Tell whether a pronoun may mean an entity, by gender and kind."""
        word = pronoun.lower()
        if entity.kind == "thing":
            return word in ("it", "its", "who", "whose", "which") or _is_she(entity, word, here)
        if word in ("they", "their", "them") and entity.gender == "" and entity.kind != "thing":
            return entity.before(here)[0] == here[0]  # one of whom nobody says he or she
        return entity.gender in _PRONOUNS[word]

    def _known(self, label: str, name: str) -> Entity | None:
        for entity in reversed(self.entities):
            same_label = entity.label.lower() == label.lower()
            if name and entity.name == name and (same_label or not label or not entity.label):
                return entity
            if same_label and label and (not name or not entity.name):
                return entity
        return None


def _is_she(entity: Entity, pronoun: str, here: Place) -> bool:
    """Tell whether a boat or a truck is spoken of as "she"."""
    vehicle = re.search(
        r"\b(?:boat|ship|truck|lorry|van|car|bike|motorbike|guitar|yacht)$", entity.label
    )
    return bool(vehicle) and pronoun in ("she", "her") and (entity.before(here)[0] == here[0])


_PRONOUNS = {
    "he": ("m", ""),
    "him": ("m", ""),
    "his": ("m", ""),
    "she": ("f", ""),
    "her": ("f", ""),
    "they": ("p", ""),
    "their": ("p", ""),
    "them": ("p", ""),
    "it": ("", "n", "m", "f"),
    "its": ("", "n", "m", "f"),
    "who": ("m", "f", "p", "n", ""),
    "whose": ("m", "f", "p", "n", ""),
    "which": ("m", "f", "p", "n", ""),
}


@dataclass(frozen=True, slots=True)
class Role:
    """A role noun phrase: "older sister", "golden retriever", "boat"."""

    text: str  # lower case, without ages
    head: str
    kind: str
    gender: str
    plural: bool
    age: str = ""  # of "my 5-year-old son"


def read_role(text: str) -> tuple[Role, int] | None:
    """Read a role at the start of ``text``; return it and where it ends."""
    match = ROLE_NP.match(text)
    if not match:
        return None
    head = match.group("role").lower()
    mods = match.group("mods")
    age = re.search(r"(\d+)[- ](year|yr|month|week)s?[- ]old", mods, re.IGNORECASE)
    if head in ("fella", "lad", "man") and re.search(r"\b(?:little|wee|small) ", mods, re.I):
        head, mods = "son", ""
    kept = re.sub(r"\d+[- ](?:year|yr|month|week)s?[- ]old,? ", "", mods).replace(",", "")
    kept = re.sub(
        r"\b(?:dear|dearest|beloved|lovely|crazy|grumpy|tiny|small|fat|fluffy|chubby|"
        r"wonderful|whole|entire|own|wee(?= (?!boy|girl))|big fat|two|three|four|five|six|both|"
        r"all|poor|current) ",
        "",
        kept,
        flags=re.IGNORECASE,
    )
    singular, plural = _singular(head)
    kind = role_kind(singular)
    role_text = f"{kept}{head}".lower().strip()
    role_text = CANONICAL_ROLE.get(role_text, role_text)
    spoken_age = ""
    if age:
        months = age.group(2).lower().startswith(("m", "w"))
        spoken_age = f"{age.group(1)} {age.group(2).lower()}s" if months else age.group(1)
    return Role(
        role_text, singular, kind, gender_of(singular, plural), plural, spoken_age
    ), match.end()


def read_trade(text: str) -> tuple[Role, int] | None:
    """Read "mailman" in "our mailman, Leroy": an occupation right before a name."""
    match = re.match(rf"(?P<v>[a-z]+(?: [a-z]+)?),? (?={CAP})", text)
    if not match or not is_occupation(match.group("v")):
        return None
    trade = match.group("v")
    return Role(trade, trade.split()[-1], "person", "", False), len(trade)


def read_aged(text: str) -> tuple[Role, int] | None:
    """Read "4 year old" in "my 4 year old has eczema": a child without a word for it."""
    match = re.match(r"(?P<n>\d{1,2}|[a-z]+)[- ](?P<unit>year|yr|month|week)s?[- ]olds?\b", text)
    if not match or not (match.group("n").isdigit() or match.group("n") in NUMBERS):
        return None
    years = match.group("unit").startswith("y")
    age = match.group("n") if years else f"{match.group('n')} {match.group('unit')}s"
    return Role("kid", "kid", "person", "", match.group().endswith("s"), age), match.end()


def singular_label(role: Role) -> str:
    """Return "older sister" for "older sisters"."""
    if not role.plural:
        return role.text
    head = role.text.split()[-1]
    return role.text.removesuffix(head) + _singular(head)[0]


def role_kind(head: str) -> str:
    """Return person, pet or thing."""
    base = re.sub(r"[ -]in[ -]law$", "", head)
    if base in SINGULAR_PETS or base in BREEDS:
        return "pet"
    return "thing" if base in THINGS else "person"


def gender_of(head: str, plural: bool) -> str:
    """Return m, f, p or unknown for a role noun."""
    base = re.sub(r"[ -]in[ -]law$", "", head)
    if plural:
        return "p"
    if role_kind(head) == "thing":
        return "n"
    return "m" if base in MALE else "f" if base in FEMALE else ""


def _singular(head: str) -> tuple[str, bool]:
    """Return (singular, was it plural)."""
    known = PERSON_ROLES | SINGULAR_PETS | BREEDS | THINGS
    if head in PLURAL_ROLES:
        return PLURAL_ROLES[head], True
    law = re.fullmatch(r"(\w+?)s([ -]in[ -]law)", head)
    if law:
        return law.group(1) + law.group(2), True
    if head in known or re.search(r"in[ -]law$", head):
        return head, False
    for ending in ("es", "s"):
        if head.endswith(ending) and head.removesuffix(ending) in known:
            return head.removesuffix(ending), True
    return head, False


CANONICAL_ROLE = {
    "wee boy": "son",
    "wee girl": "daughter",
    "baby boy": "son",
    "baby girl": "daughter",
    "lad": "son",
    "little boy": "son",
    "boy": "son",
    "little girl": "daughter",
    "other half": "other half",
    "mrs": "wife",
    "missis": "wife",
    "wifey": "wife",
    "himself": "husband",
    "herself": "wife",
    "popsie": "dad",
    "wee lass": "daughter",
    "little lass": "daughter",
    "boss lady": "boss",
    "missus": "wife",
    "hubby": "husband",
}


def is_name(word: str) -> bool:
    """Tell whether a capitalised word may be somebody's name."""
    return bool(word) and word.lower().rstrip(".") not in NOT_NAMES


def may_be_lower_name(word: str) -> bool:
    """Tell whether a lower-case word after a role may be a name: "my sister ann lives ..."."""
    return (
        word.isalpha() and len(word) > 1 and word not in _STOP_AFTER_ROLE and word not in NOT_NAMES
    )


def user_label(role: Role, owner: str = USER) -> str:
    """Return "my sister" or "Mara's sister"."""
    text = singular_label(role)
    text = CANONICAL_ROLE.get(text, text)
    if owner == USER:
        return f"my {text}"
    return f"{owner}'s {text}"
