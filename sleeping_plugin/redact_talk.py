"""Secrets known by what people say around them: "0417 opens the gate", "sorry, hunter3"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from sleeping_plugin.redact_look import Span, is_placeholder, mixed, stripped
from sleeping_plugin.redact_sentences import CODE, SPOKEN_CODE, SPOKEN_PASSWORD, SPOKEN_PLAIN
from sleeping_plugin.redact_words import COMPOUND, DIGITS, ORDINARY, PLACE, WORDY

# Characters of a sentence: a mark within a token does not end it.
SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\S))*")

SHAPED = re.compile(r"[#*]?(?=\S*\d\S*\d)[A-Z0-9#*-]{4,12}")
AFTER_CODE = re.compile(
    r"\s*(?:$|[.,;:!?)\"'\u2014-]|\b(?:and|then|but|or|so|for|to|on|at|if|in case|because|since"
    r"|when|it"
    r"|which|that|again|now|please|ok|okay|followed|plus|is|opens|works|thanks|by|btw|this|though"
    r"|i|you"
    r"|lol|don['\u2019]?t|do|remember|remind|hash|star|pound|both|as)\b|\n)",
    re.IGNORECASE,
)
_SPOKEN = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, patterns in (
        ("look", SPOKEN_PASSWORD), ("plain", SPOKEN_PLAIN), ("code", SPOKEN_CODE),
    )
    for pattern in patterns
)  # fmt: skip
_NEAR_CODE = re.compile(
    rf"\b(?:{DIGITS}|passcode|key ?pads?|(?:the|my|our)\s+codes?|codes? (?:for|to"
    rf"|of))\b{COMPOUND}",
    re.I,
)
_STANDS = re.compile(
    rf"(?:^|[,:;(\u2014\"'=]|\b(?:is|it['\u2019]?s|that['\u2019]?s|use|enter|type|press|punch|key"
    rf"|with|then|or|as|pin"
    rf"|code|now|(?:punch|key|type|put|tap)(?:ed)? in|{PLACE}))\s*{CODE}",
    re.IGNORECASE,
)


# An identifier has no capital; "Panda_bubbles7" has.
_SNAKE = re.compile(r"^[^A-Z]*_[^A-Z]*$")
# "The code of my course": no secret.
OTHER_CODE = re.compile(
    r"\s+(?:of|for|from)\s+(?:[\w'\u2019]+\s+){0,3}?(?:course|class|module|lecture|colou?r|paint"
    r"|product|area|country|airport|discount|part|stock|recipe|conduct)\b",
    re.IGNORECASE,
)


def spoken(text: str) -> Iterator[Span]:
    """Yield secrets known by the sentence around them: "0417 opens the gate"."""
    for kind, pattern in _SPOKEN:
        for match in pattern.finditer(text):
            value = stripped(match["secret"])
            looks = kind == "code" or (mixed(value) and not _SNAKE.search(value))
            if kind == "plain" and not looks:
                looks = may_be_word(value)
            if looks and value.lower() not in ORDINARY and not is_placeholder(value):
                start = match.start("secret") + match["secret"].index(value)
                yield Span(start, start + len(value), "cue")
    for sentence in SENTENCE.finditer(text):
        cue = _NEAR_CODE.search(sentence[0])
        if cue and OTHER_CODE.match(sentence[0], cue.end()):
            continue
        for match in _STANDS.finditer(sentence[0]) if cue else ():
            date = re.fullmatch(
                r"(?:1[89]|20)\d\d(?:-?\d\d){0,2}|\d\d?-\d\d?-\d{2,4}|\d{9,}|0\d+ .*",
                match["secret"],
            )
            if (
                len(match["secret"]) >= 4
                and not date
                and AFTER_CODE.match(sentence[0], match.end())
            ):
                start, end = match.span("secret")
                yield Span(sentence.start() + start, sentence.start() + end, "cue")


# Words that follow "password" and are none.
_NO_WORD = re.compile(
    r"(?:questions?|problems?|stickers?|signs?|labels?|issues?|please|thanks?|sheets?|cards?"
    r"|notes?"
    r"|posters?|lists?|things?|help|sorry|again|admin|guest|users?|down|broken|slow|please|email"
    r"|updates?|sharing|checks?|errors?|page|screen|request|attempts?|entry|that|which|with)",
    re.IGNORECASE,
)


def may_be_word(value: str) -> bool:
    """Say whether a plain word, in the place of a password, may be one."""
    return (
        len(value) >= 4
        and value.lower() not in ORDINARY
        and not _NO_WORD.fullmatch(value)
        and not re.search(r"(?:ed|ing|able|ible|ly|n['\u2019]t)$", value)
        and bool(re.fullmatch(r"[^\W_][\w!?*#$-]*", value))
    )


# --- what a first secret makes of the words after it ------------------------------------------

_HEDGE = (
    r"(?:(?:sorry|no|wait|oops|ah|oh|actually|i mean(?:t)?|i meant to say|rather|correction|edit"
    r"|typo|argh|ugh|my mistake|it['\u2019]?s|it is|it was|that['\u2019]?s|is|was|to|with|now"
    r"|but|and|then"
    r"|the (?:new|second|other)(?: one)?|make (?:that|it)|should be|since (?:then|today)"
    r"|(?:i |we )?(?:changed|made|set|switched)(?: (?:it|that))?)\b[ ,:;.!\u2014-]*)"
)
_NEXT = re.compile(
    rf"[^\n]{{0,60}}?(?:[,;.!?\n\u2014-]|\bbut\b"
    rf"|\band\b)\s*{_HEDGE}{{1,6}}(?P<secret>[^\s,;]{{3,60}})"
    rf"(?P<end>[.,;!?)]*(?:\s*$|\s))",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"[.,;!?)]|\s*$")
_AGAIN = re.compile(rf"^\W*{_HEDGE}{{1,6}}(?P<secret>[^\s,;]{{3,60}})", re.IGNORECASE)
_PUT = re.compile(
    r"\b(?:it['\u2019]?s|it is|it was|that['\u2019]?s|(?:made|set|changed|switched|reset"
    r"|updated|change|make"
    r"|put|keep) (?:it|that|mine|this|them)(?: (?:back )?(?:to|as|at|into))?|went (?:with|for)"
    r"|i (?:chose"
    r"|used|use|picked|typed|put)|try|use|now|as in|:|=)\s*(?P<secret>[^\s,;]{6,60})",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"\b(?:pass ?(?:word|phrase|code)s?|passwort|pw|pwd|log-?ins?|credentials|wi-?fi key)\b",
    re.IGNORECASE,
)
_QUESTION = 160  # characters within which a question is answered
_PASSWORDLIKE = re.compile(
    r"^[a-z]{2,}\d|[A-Za-z]{3,}[\W_]?\d{2,}|[A-Za-z]{3,}\d[A-Za-z]{3}|\d{2,}[A-Za-z]{3}"
    r"|[A-Za-z]{3,}-\d|[!$%^~#&]"
)
_ASKS = re.compile(
    rf"\b(?:{WORDY}|{DIGITS}|codes?|combination|log-?ins?|credentials"
    rf"|key)\b[^.!?\n]{{0,40}}(?:\?|:\s*(?:\n|$))",
    re.IGNORECASE,
)
_CODED = re.compile(rf"\b(?:{DIGITS}|passcode|{PLACE} codes?|codes?|combination)\b", re.IGNORECASE)
_BARE_CODE = re.compile(
    r"\W*(?:(?:it['\u2019]?s|it is|that['\u2019]?s|oh|ah|right|ok|yes|sure|here|mine is|found "
    r"it)\b[ ,:!.]*)*"
    r"(?!(?:19|20)\d\d\b)(?P<secret>[#*]?\d(?:[ -]?\d){3,7}[#*]?)(?=\s*(?:$|[.,;!)\n]))",
    re.IGNORECASE,
)
# "Basalt!7788": a mark of this kind within letters and digits is in no word, name or model.
_SYMBOLIC = re.compile(
    r"(?<![\w/@.&?=#%:+*~^$(\[{<\"'`-])"
    r"(?=[A-Za-z0-9_-]{0,24}[A-Za-z]{3})(?=[^\s\d]{0,24}\d)(?P<secret>"
    r"[A-Za-z][A-Za-z0-9_-]{1,24}[!$%^~#&][A-Za-z0-9!$%^~#&_-]{1,24})(?=[.,;:!?)\"']*(?:\s|$))"
)
_NUMBERED = re.compile(r"[A-Za-z]+#\d+|[A-Za-z]+&[A-Za-z]+\d*|\d+%\w*|[A-Za-z ]+\$\d+\w?")


# "Sunset-Tulip-41", "Panda_bubbles7": words and digits joined as no name is, near such words.
_JOINED = re.compile(
    r"(?<![\w/@.&?=#%:+*~^$(\[{<\"'`-])(?P<secret>(?=[A-Za-z0-9_!-]{0,24}[A-Z])(?=[A-Za-z_!-]{0,24}\d)"
    r"[A-Za-z]{2,16}[_#-](?![A-Z]?\d{1,2}(?![\w-]))[A-Za-z0-9]{2,16}(?:[_-][A-Za-z0-9]{1,16}){0,3}!?)(?=[.,;:!?)\"']{0,3}(?:\s|$))"
)
_NEAR_LOGIN = re.compile(
    r"\b(?:wi-?fi|wlan|log-?in|log(?:ged|ging)? (?:in|on)|sign(?:ed|ing)? (?:in|on)|portal"
    r"|account|pass ?words?"
    r"|pass|pw|passcode|network|hotspot|access|locked out|netflix|site|typed|won['\u2019]t "
    r"take|mail"
    r"|e-?mail|credentials|user(?:name)?)\b",
    re.IGNORECASE,
)
_PRODUCT = re.compile(
    r"(?:i?phone|ipad|macbook|galaxy|pixel|windows|win|office|ubuntu|python|android|ios"
    r"|excel|outlook|thinkpad"
    r"|surface|nokia|moto|redmi|oneplus|chrome|firefox|ps|xbox|gpt|llama|qwen|keepass"
    r"|covid|web|http|utf|sha|base"
    r"|wpa|level|version|grade|year|room|unit|form|team|area|studio|channel|route|zone"
    r"|formula|apollo|boeing|airbus"
    r"|iso|din|b&b|class|catch|type|part|page|chapter|psalm|fritzbox|speedport|tplink"
    r"|archer)[-_ ]?\d+\S*"
    r"|\w+[-_](?:19|20)\d\d|[A-Z]{1,4}-?\d{1,4}[A-Z]?|.*(?:gguf|instruct|[qQ]\d_).*",
    re.IGNORECASE,
)


_WORD_AND_DIGITS = re.compile(
    r"[A-Za-z]{4,20}\d{2,6}!?|(?:[A-Z][a-z]+){2,4}\d{1,6}!?|[A-Z][a-z]{2,}\d{1,4}[a-z]{2,}!?"
)


def joined(text: str) -> Iterator[Span]:
    """Yield words and digits joined to one token, in sentences about logins and the like."""
    for sentence in SENTENCE.finditer(text):
        if not _NEAR_LOGIN.search(sentence[0]):
            continue
        for match in _JOINED.finditer(sentence[0]):
            value = match["secret"]
            if len(value) >= 8 and mixed(value) and not _PRODUCT.fullmatch(value):
                at = sentence.start() + match.start("secret")
                yield Span(at, at + len(value), "random")
        for token in re.finditer(r"\S+", sentence[0]) if _TALK.search(sentence[0]) else ():
            value = stripped(token[0])
            tail = _WORD_AND_DIGITS.fullmatch(value)
            if tail and mixed(value) and not _PRODUCT.fullmatch(value):
                at = sentence.start() + token.start() + token[0].index(value)
                yield Span(at, at + len(value), "random")


def symbolic(text: str) -> Iterator[Span]:
    """Yield what is written as a password is, with marks amid letters and digits."""
    for match in _SYMBOLIC.finditer(text):
        value = match["secret"].rstrip("!")
        if len(value) >= 7 and not _NUMBERED.fullmatch(value) and mixed(value):
            yield Span(match.start("secret"), match.start("secret") + len(value), "random")


def chained(text: str, found: Sequence[Span]) -> Iterator[Span]:
    """Yield what stands for a secret that was just told: "sorry, hunter3", "now it's Maple45"."""
    for span in found:
        old = text[span.start : span.end]
        match = _NEXT.match(text, span.end, span.end + 140)
        aside = match and re.search(
            r"\b(?:I|my|name|we|he|she)\b", match[0][: match.start("secret") - span.end]
        )
        if match and _succeeds(
            stripped(match["secret"]), old, closed=not aside and bool(_CLOSED.match(match["end"]))
        ):
            at = match.start("secret") + match["secret"].index(stripped(match["secret"]))
            yield Span(at, at + len(stripped(match["secret"])), "cue")
    olds = {text[span.start : span.end] for span in found if span.kind == "cue"}
    yield from alike(text, olds)


def _succeeds(value: str, old: str, *, closed: bool) -> bool:
    if re.fullmatch(r"[#*]?\d(?:[ -]?\d)+[#*]?", old):
        return value.isdigit() and len(value) == len(re.sub(r"\D", "", old))
    if mixed(value):
        return True
    return closed and old.isalpha() and len(value) >= 5 and may_be_word(value)


def alike(text: str, olds: Collection[str]) -> Iterator[Span]:
    """Yield every further place of secrets already told, and tokens that begin as they do."""
    stems = {old[:4].lower() for old in olds if re.match(r"[A-Za-z]{4}", old) and mixed(old)}
    words = {
        old
        for old in olds
        if len(old) >= 4 and old.lower() not in ORDINARY and not _TALK.fullmatch(old)
    }
    for token in re.finditer(r"\S+", text) if words else ():
        value = stripped(token[0])
        if value in words or (value[:4].lower() in stems and mixed(value)):
            at = token.start() + token[0].index(value)
            yield Span(at, at + len(value), "cue")
    for old in words:
        if re.search(r"[\s-]", old) and old in text:
            yield Span(text.index(old), text.index(old) + len(old), "cue")


def in_talk(text: str, before: str, olds: Collection[str]) -> Iterator[Span]:
    """Yield what is told after talk of passwords: "so I made it Frida2015"; before is earlier."""
    if _TALK.search(text) or _TALK.search(before):
        for match in _PUT.finditer(text):
            value = stripped(match["secret"])
            if mixed(value) and _PASSWORDLIKE.search(value):
                at = match.start("secret") + match["secret"].index(value)
                yield Span(at, at + len(value), "cue")
    code = _BARE_CODE.match(text) if _CODED.search(before) else None
    if code:
        yield Span(*code.span("secret"), "cue")
    asked = _ASKS.search(before[-_QUESTION:])
    for token in re.finditer(r"\S+", text[:_QUESTION]) if asked else ():
        value = stripped(token[0])
        alone = (
            len(text.split()) == 1
            and bool(re.search(r":\s*(?:\n|$)", before))
            and may_be_word(value)
        )
        if alone or (mixed(value) and _PASSWORDLIKE.search(value)):
            at = token.start() + token[0].index(value)
            yield Span(at, at + len(value), "cue")
    again = _AGAIN.match(text) if olds else None
    if again:
        value = stripped(again["secret"])
        if any(_succeeds(value, old, closed=True) for old in olds) and (
            mixed(value) or value.isdigit()
        ):
            at = again.start("secret") + again["secret"].index(value)
            yield Span(at, at + len(value), "cue")
