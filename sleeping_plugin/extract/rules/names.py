"""Rules for names: "is called", "goes by", "I'm Tom"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.lexicon import CARS, COMPUTERS, DIETS, NATIONALITIES, PHONES, RELIGIONS
from sleeping_plugin.extract.people import (
    CANONICAL_ROLE,
    CAP,
    NAME,
    TITLE,
    is_name,
    may_be_lower_name,
    read_role,
    singular_label,
)
from sleeping_plugin.extract.rules.base import NOW, Found, Said, found, rule
from sleeping_plugin.relations.grammar import USER, words


@rule(r"am (?P<v>[a-z]+)(?P<after>.*)")
def _is_lower_name(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "hi im sam, 24": only where a message opens so."""
    word = match.group("v").lower()
    if not (said.casual and said.pronoun == "i") or match.group("v") != word:
        return
    told = re.match(r",? (?:btw|by the way|if that helps|here\b)", match.group("after"))
    ends = told or (said.opens and re.match(r"$|,| and | from |[.!] ", match.group("after")))
    if (
        not values.age(word)
        and ends
        and is_name(word)
        and not values.is_vague(word)
        and not _ADJECTIVE.search(word)
    ):
        yield found(said, "name", word, 0.8)


_ADJECTIVE = re.compile(
    r"^\w{2,}(?:ed|ing|ful|less|ous|ive|able|ible|ic|al|ish|ly)$|^(?:new|old|sick|ill|"
    r"sad|happy|angry|"
    r"bored|"
    r"busy|late|early|ready|sorry|sure|fine|good|great|bad|okay|cold|hot|warm|lost|stuck|back|home|"
    r"vegan|single|broke|free|alive|dead|wrong|right|lonely|curious|glad|proud|afraid|upset|drunk|"
    r"asleep|awake|hungry|thirsty|a|an|the|in|at|on|from|so|too|very|pregnant|desperate|male|"
    r"female|"
    r"gay|trans|straight|blind|deaf|german|french|dutch|irish|welsh|finnish|greek|latino|serious|"
    r"up|"
    r"down|out|off|over|under|not|no|just|still|now|here|there|what|how|why|who|when|where|someone|"
    r"learning|like|about|with|for|human|student|nurse|teacher|outside|inside|abroad|away|around)$"
)


# ---------------------------------------------------------------- names


@rule(rf"(?:{NOW}|was|were) (?:called|named|known (?:as|to \w+ as)|nicknamed) ")
def _is_called(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.who is None and said.pronoun == "we":
        yield Found(USER, "group name", values.title(said.text[match.end() :]))
        return
    yield from _named(said, said.text[match.end() :], "name")


@rule(rf"{NOW} (?:an? |the |our |my )?(?:[\w'-]+ ){{0,4}}?(?:called|named|by the name of) ")
def _is_someone_called(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.who is None or said.who.name:
        return
    yield from _named(said, said.text[match.end() :], "name")


@rule(
    r"(?:go|goes|went) by |(?:answer|answers|listen|listens|respond|responds|hear|hears) (?:to|"
    r"on) (?!music|the (?!names?))"
)
def _goes_by(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.who is None and not re.match(r"(?:go|goes|went) ", said.text):
        return  # "I listen to western audiobooks"
    if re.search(r"\bby \w+ (?:to|every|in|on|at)\b", said.text):
        return  # "I go by Vespa to the wholesaler"
    rest = re.sub(r"^(?:the )?names? (?:of )?", "", said.text[match.end() :])
    yield from _named(said, rest, "name")


@rule(r"(?:call|named|name|christened|call) (?:him|her|it|them|the \w+|my \w+|our \w+|this \w+) ")
def _i_call(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.who is not None and not re.match(r"named|christened", said.text):
        return
    target = re.search(
        r"(him|her|it|them|(?:the|my|our|this) (\w+)) $", match.group(), re.IGNORECASE
    )
    if target is None:
        return
    who = (
        said.cast.of_label(f"my {target.group(2).lower()}")
        if target.group(2)
        else said.cast.resolve(target.group(1), said.here)
    )
    if target.group(2) and who is None:
        read = read_role(target.group(2).lower())
        if read:
            who = said.cast.meet(f"my {read[0].text}", read[0].kind, "", read[0].gender, said.here)
    if who is None or (who.name and who.kind == "person"):
        return
    about = Said(who, said.text, said.casual, said.cast, said.here)
    yield from _named(about, said.text[match.end() :], "name")


def _named(said: Said, rest: str, relation: str) -> Iterator[Found]:
    """Yield the name at the start of ``rest`` for the subject, and tell the cast."""
    if said.who is not None and said.who.kind == "thing":
        title = values.title(rest) or values.short_phrase(rest, 4)
        if title:
            yield found(said, relation, title)
        return
    read, _ = values.names(rest, casual=said.casual, several=said.plural)
    label = said.who.label if said.who else USER
    for name in read:
        if said.who is not None and not said.plural:
            said.who.name = said.who.name or name
        elif said.who is not None:
            said.cast.meet(_one_of(label), said.who.kind, name, "", said.here)
        yield Found(_one_of(label) if said.plural else label or name, relation, name)


def _one_of(label: str) -> str:
    """Return "my son" for "my sons" and "my lads"."""
    front, _, rest = label.partition(" ")
    read = read_role(rest) if rest else None
    if read is None:
        return label
    one = singular_label(read[0])
    return f"{front} {CANONICAL_ROLE.get(one, one)}"


@rule(
    r"is (?P<v>(?:(?:coach|mr|mrs|ms|miss|dr|prof|pastor|auntie|uncle)\.? "
    r")?[a-z]+)(?=$|,| and (?:he|she)\b)(?P<after>.*)"
)
def _is_styled(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "my teacher is ms okonkwo", "missus is shaz, she runs the pub"."""
    who, name = said.who, match.group("v")
    if who is None or not said.casual or who.name or who.kind == "thing" or name != name.lower():
        return
    plain = " " not in name
    told = re.match(r",? (?:and )?(?:she|he)\b", match.group("after"))
    odd = _ADJECTIVE.search(name) or is_occupation(name) or not may_be_lower_name(name.split()[-1])
    if not odd and (not plain or told):
        who.name = name
        yield Found(who.label, "name", name, 0.8)


@rule(rf"(?:am|is|are|was) <adv>(?P<v>(?-i:{NAME}))(?P<after>.*)")
def _is_name(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.text.startswith("was") and not (
        said.who and re.search(r"\b(?:late|grand|great)", said.who.label)
    ):
        return
    # upper case matters here, and the table is compiled without it
    if re.match(rf"(?-i:{NAME})$", match.group("v").strip()) is None or (
        said.who is not None and said.who.kind == "thing"
    ):
        return
    if said.who is None and said.pronoun == "we":
        return
    read, end = values.names(match.group("v"), casual=False, several=said.plural)
    if not read or (said.who is not None and said.who.name):
        return
    name = read[0]
    after = match.group("v")[end:] + match.group("after")
    home = re.match(r",? (?:and )?(?:am )?(?:originally )?from (?P<v>.*)", after)
    told, _ = values.place(home.group("v"), casual=said.casual) if home else ("", False)
    if told:
        yield found(said, "hometown", told)
    word = name.split()[-1].lower()
    if said.who is None and re.match(r"Team [A-Z]", name):
        return
    if word in NATIONALITIES | RELIGIONS | DIETS or is_occupation(name) or word.endswith("'s"):
        return
    if re.match(
        r"\s+(?!and\b|but\b|btw\b|by the way|from\b|here\b|who\b|with\b|too\b|or\b|"
        r"also\b|like the\b|as in\b|after\b)[a-z]",
        after,
    ):
        return
    if said.who is None:
        yield found(said, "name", name)
    elif said.who.label:
        yield from _named(said, match.group("v") + match.group("after"), "name")


@rule(
    rf"(?:am|are|have been) <adv>(?:together )?with (?P<v>(?-i:{CAP}))(?=,? (?:since|"
    rf"for (?:\w+ )?\w+ years?)\b)"
)
def _together_with(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I have been with Adaeze since 2019"."""
    name = match.group("v")
    if said.who is None and is_name(name) and not said.cast.named(name):
        said.cast.meet("my partner", "person", name, "", said.here)
        yield Found("my partner", "name", name, 0.8)


_PRAISE = words(
    """
    menace rescue pain nightmare monster star legend sweetheart handful terror bully diva angel boy
    girl baby puppy kitten thief pest clown cuddler genius idiot coward mess joy treasure glutton
    beast dear darling grump snob fussy picky good big little bit lot must gift present problem
    """
)
_KIND_OF = re.compile(r"(?:an? |the )?(?P<v>.*)")


@rule(rf"{NOW} <adv>(?P<det>an? )(?P<rest>.*)")
def _is_kind(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "my truck is a Scania", "my dog is a beagle"."""
    if said.who is None or said.who.kind == "person":
        return
    rest = match.group("rest")
    phrase = values.first_item(values.cut(rest))
    if said.who.kind == "pet" and not set(phrase.lower().split()) & (CARS - {"beetle"}):
        read = read_role(phrase.lower())
        if (
            (read and read[1] == len(phrase) and read[0].kind == "pet")
            or re.search(r"\b(?:mix|cross|breed|hound|terrier|shepherd|collie|cat)\b", phrase)
            or re.match(CAP + r"(?: [\w-]+)?$", phrase)
            or (re.fullmatch(r"[a-z-]+", phrase) and phrase not in _PRAISE and match.group("det"))
        ):
            yield found(said, "breed", phrase, 0.85)
    elif (
        (re.search(CAP, phrase) or set(phrase.split()) & (CARS | COMPUTERS | PHONES))
        and said.who.label.startswith("my ")
        and len(phrase.split()) <= 5
    ):
        yield Found(USER, said.who.label[3:], phrase, 0.9)


@rule(rf"{NOW} (?P<v>(?i:the )?(?-i:{CAP}).*)")
def _thing_is_named(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "my school is Fairholme Academy"."""
    if said.who is None or said.who.kind != "thing" or said.who.name:
        return
    title = values.title(match.group("v"))
    if re.match(rf"{TITLE} ", title):
        return  # "It's Dr Fujita"
    if title and match.group("v").startswith(title) and is_name(title.split()[0]):
        if set(title.lower().split()) & (CARS | PHONES | COMPUTERS):
            yield Found(USER, said.who.label.split()[-1], title)
        else:
            yield from _named(said, title, "name")


@rule(rf".*\b(?:called|named) (?P<v>(?-i:{CAP})(?: (?-i:{CAP}))?)$")
def _with_a_name(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "my car's a Nissan Micra, red, called Ruby"."""
    if said.who is not None and said.who.kind != "person" and not said.who.name:
        yield from _named(said, match.group("v"), "name")


@rule(rf"am (?:the|an?) [\w' -]+, (?P<v>(?-i:{CAP})|[a-z]+)$")
def _the_organiser(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I'm the organiser, Tamika"."""
    name = match.group("v")
    lower = name.islower() and not (said.casual and may_be_lower_name(name))
    if said.pronoun == "i" and is_name(name) and not lower and not is_occupation(name):
        yield found(said, "name", name, 0.85)
