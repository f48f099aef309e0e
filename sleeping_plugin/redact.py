"""Secrets, found and taken out before anything is written down.

Four kinds of evidence: a format that nothing but a secret has (key prefixes, private keys, card
and bank numbers with their check digits), a cue ("my password is ...", "PIN 4921",
``api_key="..."``), a URL with credentials, and a long token that looks drawn at random. A cue
alone is no secret: "I forgot my password" stays. Where the value after a cue is a plain word, it
is taken for a secret only if it is not one that people use to speak *about* passwords.
"""

from __future__ import annotations

import bisect
import itertools
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from sleeping_plugin.redact_look import (
    Span,
    drawn_at_random,
    is_placeholder,
    mixed,
    stripped,
    strong,
)
from sleeping_plugin.redact_talk import (
    AFTER_CODE,
    OTHER_CODE,
    SENTENCE,
    SHAPED,
    alike,
    chained,
    in_talk,
    joined,
    spoken,
    symbolic,
)
from sleeping_plugin.redact_words import (
    COMPOUND,
    DIGITS,
    FOREIGN,
    KEYED,
    NUMBER_WORD,
    ORDINARY,
    PLACE,
    UNIT,
    WORDY,
)

REDACTED = "[redacted]"


def find_secrets(text: str, before: str = "", known: Collection[str] = ()) -> list[Span]:
    """Return the secrets of ``text`` in order, without overlaps.

    ``before`` is what was said just before, which may ask for one; ``known`` are the secrets of
    earlier messages, which are found wherever they are repeated.
    """
    first = _merged(text, itertools.chain(
        _formats(text), _numbers(text), _cues(text), spoken(text), symbolic(text), joined(text),
        _assignments(text), _random_tokens(text), _replies(text, before), alike(text, known),
        in_talk(text, before, known),
    ))  # fmt: skip
    return _merged(text, itertools.chain(first, chained(text, first)))


def _merged(text: str, spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that overlap as one; what is redacted already is none."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if REDACTED in text[span.start : span.end] and len(REDACTED) >= span.end - span.start:
            continue
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            merged.append(span)
    return merged


def redact(text: str, before: str = "", known: Collection[str] = ()) -> str:
    """Return ``text`` with every secret replaced by "[redacted]". Twice changes nothing more."""
    for span in reversed(find_secrets(text, before, known)):
        text = text[: span.start] + REDACTED + text[span.end :]
    return text


def redact_chat(texts: Sequence[str]) -> list[str]:
    """Return the messages of a chat, each redacted in the light of those before it.

    "What is the password?" makes a secret of the answer, and what was told once stays out of
    every later message, the assistant's too. Later messages change nothing of earlier ones.
    """
    known: set[str] = set()
    clean: list[str] = []
    for place, text in enumerate(texts):
        before = "\n".join(one[-_REACH:] for one in texts[max(0, place - 2) : place])
        spans = find_secrets(text, before, known)
        known |= {text[s.start : s.end] for s in spans if s.kind in ("cue", "random", "token")}
        for span in reversed(spans):
            text = text[: span.start] + REDACTED + text[span.end :]
        clean.append(text)
    return clean


_REACH = 300  # characters of a message that the next one may refer to


def _replies(text: str, before: str) -> Iterator[Span]:
    """Yield the secrets that the words just before ask for."""
    front = before[-_REACH:].rstrip()
    if not front or not _CUE.search(front):
        return
    offset = len(front) + 1
    for span in _cues(f"{front}\n{text[:_REACH]}"):
        if span.start >= offset:
            yield Span(span.start - offset, span.end - offset, span.kind)


class RedactingFilter(logging.Filter):
    """Takes secrets out of log records, tracebacks included. Add it to every handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact ``record`` in place and let it pass."""
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True


# --- formats that nothing but a secret has ----------------------------------------------------

_PREFIXED = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-[A-Za-z0-9_-]{16,}|(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{10,}"  # OpenAI, Stripe
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}"  # AWS, Google
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|dop_v1_[a-f0-9]{40,}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{40,}|(?:bot)?\d{8,10}:AA[A-Za-z0-9_-]{32,}"  # age, Telegram bots
    r"|(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])"  # US social security
    r"|(?=[A-Z-]{0,9}\d)(?=[\d-]{0,9}[A-Z])(?:[A-Z0-9]{5}(?:-[A-Z0-9]{5}){2,5}"
    r"|[A-Z0-9]{4}(?:-[A-Z0-9]{4})"
    r"{2,7}|[A-Z0-9]{6}(?:-[A-Z0-9]{6}){2,5})(?![\w-])"  # licence keys
    r"|\d{6}(?:-\d{6}){7}(?![\w-])"  # drive recovery keys
    r"|(?=[a-z0-9]{2,5}_(?:[A-Za-z]{0,20}\d){4})[a-z][a-z0-9]{1,4}_[A-Za-z0-9]{20,}(?!\w)"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"  # JSON web tokens
    r")"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_AUTHORIZATION = re.compile(
    r"(?:\b(?:Bearer|Basic)\s+(?=\S{16})"
    r"|\bauthorization[\"']?:\s*[\"']?(?:[a-z-]+\s+)?(?:token=)?"
    r"|\bx-[a-z-]*(?:key|token|secret|auth)[\"']?:\s*[\"']?|\bcookie:\s*[\w.-]+="
    r"|\bcurl\b[^\n]{0,200}?\s(?:-u|--user)\s*[\"']?[\w.@-]*:"
    r"|\b(?:mysql|mysqldump|sshpass|mariadb)\b[^\n]{0,80}?\s-p\s?[\"']?)"
    r"(?P<secret>[^\s\"',;<>${}]{6,})",
    re.IGNORECASE,
)
_URL_LOGIN = re.compile(
    r"\b[a-z][a-z0-9+.-]{0,20}://(?P<secret>[^\s/@:]*:[^\s/@]+)@", re.IGNORECASE
)
_URL_PARAMETER = re.compile(
    r"[?&;#](?:[a-z_-]*(?:token|secret|key)|pass|password|passwd|pwd|pw|auth|sig|signature)"
    r"=(?P<secret>[^\s&#;\"'<>]{6,})"
    r"|hooks\.slack\.com/services/(?P<slack>[\w/]{20,})|/api/webhooks/\d+/(?P<hook>[\w-]{20,})",
    re.IGNORECASE,
)


def _formats(text: str) -> Iterator[Span]:
    for pattern in (_PREFIXED, _PRIVATE_KEY, _AUTHORIZATION):
        for match in pattern.finditer(text):
            group = "secret" if "secret" in pattern.groupindex else 0
            # "Basic understanding-of-things" is prose; a credential holds a digit or a capital.
            if pattern is not _AUTHORIZATION or re.search(r"[0-9A-Z]", match[group]):
                yield Span(*match.span(group), "token")
    for pattern in (_URL_LOGIN, _URL_PARAMETER):
        for match in pattern.finditer(text):
            group = match.lastgroup or "secret"
            if not is_placeholder(match[group]):
                yield Span(*match.span(group), "url")


# --- numbers with check digits ----------------------------------------------------------------

_BETWEEN = r"[ .,/_\u00a0\u2013-]"
_CARD = re.compile(
    rf"(?<![\w.+-])(?:\d{{13,19}}"
    rf"|\d{{4}}(?:(?P<a>{_BETWEEN}{{1,3}})\d{{4}}(?P=a)\d{{4}}(?P=a)\d{{1,7}}"
    rf"|(?P<b>{_BETWEEN}{{1,3}})\d{{6}}(?P=b)\d{{4,5}}|(?:\s+\d{{4}}){{3}})"
    rf"|\d(?:(?P<c>{_BETWEEN})\d(?:(?P=c)\d){{11,17}}"
    rf"|(?P<d>{_BETWEEN}?)\d(?:{_BETWEEN}\d(?P=d)\d){{6,8}}))"
    r"(?![\w-]|\.\d)"
)
_CARD_SAID = re.compile(
    rf"\b(?:card|visa|mastercard|amex|debit"
    rf"|credit)\b\D{{1,60}}?(?P<secret>\d(?:{_BETWEEN}{{0,3}}\d){{12,18}})"
    r"(?!\d)", re.IGNORECASE,
)  # fmt: skip
# Four by four, as cards are printed: one digit mistyped makes it no less of a card.
_CARD_PRINTED = re.compile(
    r"(?<![\w.+-])(?<!\d )[2-6]\d{3}(?P<gap>[ \u00a0-])(?:\d{4}(?P=gap)){2}\d{4}(?![\w-]| \d)"
    r"|(?<![\w.+-])(?<!\d )3[47]\d\d[ -]\d{6}[ -]\d{5}(?![\w-]| \d)"
)
_CARD_FRONT = re.compile(r"[3-6]\d{3}(?:[ -]?\d{4}){3}(?!\d)")
_CARD_ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|35\d{14}|62\d{14,17}|(?:50|5[6-9]|6\d)\d{10,17}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2} ?\d{2}[ .\u00a0-]{0,2}(?=[A-Za-z0-9])")
_IBAN_LENGTHS = """
    15NO 16BE 18DK 18FI 18FO 18GL 18NL 19MK 19SI 20AT 20BA 20EE 20KZ 20LT 20LU 20XK 21CH 21CR
    21HR 21LI 21LV 22BG 22BH 22DE 22GB 22GE 22IE 22ME 22RS 23AE 23GI 23IL 23IQ 23OM 24AD 24CZ
    24ES 24MD 24PK 24RO 24SA 24SE 24SK 24TN 24VA 24VG 25LY 25PT 26IS 26TR 27FR 27GR 27IT 27MC
    27MR 27SM 28AL 28AZ 28BY 28CY 28DO 28GT 28HU 28LB 28PL 29BR 29EG 29PS 29QA 29UA 30JO 30KW
    30MU 31MT 31SC 32LC
"""
_IBAN_LENGTH = {entry[2:]: int(entry[:2]) for entry in _IBAN_LENGTHS.split()}


def _numbers(text: str) -> Iterator[Span]:
    for match in _CARD_PRINTED.finditer(text):
        yield Span(*match.span(), "card")
    for match in itertools.chain(_CARD.finditer(text), _CARD_SAID.finditer(text)):
        group = "secret" if match.re is _CARD_SAID else 0
        digits = re.sub(r"\D", "", match[group])
        named = match.re is _CARD_SAID and re.fullmatch(r"[3-6]\d{14,15}", digits)
        front = _CARD_FRONT.match(match[group]) if match.re is _CARD_SAID and not named else None
        if front:  # "4000123456789010 08/29"
            yield Span(match.start(group), match.start(group) + front.end(), "card")
        if named or (_CARD_ISSUER.fullmatch(digits) and _luhn(digits)):
            yield Span(*match.span(group), "card")
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTH.get(match[0][:2].upper(), 0)
        account = re.compile(
            rf"(?:[A-Za-z0-9][ .\u00a0-]{{0,2}}){{{length - 1}}}[A-Za-z0-9](?![A-Za-z0-9])"
        )
        whole = account.match(text, match.start()) if length else None
        if whole and _mod97(re.sub(r"[ .\u00a0-]", "", whole[0]).upper()):
            yield Span(*whole.span(), "bank account")


def _luhn(digits: str) -> bool:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _mod97(account: str) -> bool:
    moved = account[4:] + account[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


# --- cues -------------------------------------------------------------------------------------

_CUE = re.compile(
    rf"(?<![A-Za-z0-9])(?:(?P<wordy>{WORDY})|(?P<digits>(?<![\w-])(?:{DIGITS}))"
    rf"|(?P<keyed>{KEYED})"
    rf"|(?P<place>{PLACE}|pass(?=(?: (?:for|to|at|on)(?: [a-z]+){{1,4}})?(?: is|:| ?=))"
    rf"|token(?=(?: (?:for|to|at)(?: [a-z]+){{1,4}})? is)|wi-?fi(?= is|:| ?=))"
    rf"|(?P<code>codes?))(?![A-Za-z0-9_]){COMPOUND}",
    re.IGNORECASE,
)
_LINKED_ONLY = {
    "login",
    "logins",
    "log-in",
    "log-ins",
    "pass",
    "token",
    "wifi",
    "wi-fi",
}  # cues only with "is", ":" or "=" behind them
# "code" is a secret's name only after these: no "error code 4040".
_CODE_OWNER = re.compile(
    rf"(?:^|[,.;:!?(\n\u2014-]\s*|\b(?:the|my|our|your|his|her|their|this|that|a|and|or|new|old"
    rf"|current"
    rf"|right|correct|secret|numeric|\w+['\u2019]s|[\w-]*digit|{PLACE})\s+)$",
    re.IGNORECASE,
)
_NOT_SEED = (
    r"(?!(?:the|and|was|are|but|not|his|her|she|our|from|were|been|had|has|its|their|your|for)\b)"
)
_SEED = re.compile(
    r"\b(?:(?:seed|recovery|mnemonic|backup|secret|wallet|ledger|metamask|trezor"
    r"|crypto)[ -]?(?:phrase"
    r"|words|recovery|backup|keys?"
    r"|seed)|mnemonic|seed(?= ?:| is)|(?:12|24|15|18|21|twelve|twenty[- ]four)[ -](?:seed "
    r"|recovery )?words?)\b"
    rf".{{0,160}}?(?<![A-Za-z])(?P<secret>(?:{_NOT_SEED}[a-z]{{3,8}}(?:[ ,;\n]|\b\d{{1,2}}[.):]?"
    rf"|[*\u2022-]"
    rf"|\band\b)+){{11,23}}{_NOT_SEED}[a-z]{{3,8}})\b",
    re.IGNORECASE | re.DOTALL,
)
# From the cue to its value: "(for my bank) is now", ", by the way, is", ":", "= ".
_LINK = re.compile(
    r"[\"'`*_]{0,3}"
    r"(?P<gap>(?:\s+(?:for|to|de|del|du|da|do|der|f[üu]r|pour|para|of|at|on|in|with|from|that"
    r"|which|you|i|we|they|he|she|here|by|near"
    r"|behind|under|next|outside)\b"
    r"(?:\s+[^\s.!?;:=,]+){0,8}?)?(?:,[^,.!?\n]{1,60},)?)"
    r"(?:[ \t]*(?P<mark>[:=]|->|\u2192)|\s+(?:is|was|are|were|ist|est|es|è|é|jest|är|equals|reads"
    r"|remains|be|became|lautet|hei[sß]t|has (?:always |long |ever )?been)\b"
    r"|['\u2019]s\b|,? c['\u2019]est\b)"
    r"(?P<rest>[\"'*_]{0,2}\s*(?:(?:now|currently|still|just|simply|actually|probably|always"
    r"|set to"
    r"|changed to|called|going to be|back to|again|not|never|no longer|:)\s+)*)",
    re.IGNORECASE,
)
_BEFORE_VALUE = re.compile(
    r"(?P<value>[^\s,;]+)(?:,?\s+(?:is|was|as)|[,;:.!]?\s+(?:and\s+)?(?:that|this|it"
    r"|which)(?:['\u2019]?s"
    r"|\s+is|\s+was)|\s*[(=])\s+(?:also\s+|still\s+|now\s+)?"
    r"(?:(?:my|our|the|his|her|their|your|a|\w+['\u2019]s)\s+)(?:[\w-]+\s+){0,3}$",
    re.IGNORECASE,
)
_HUM = (
    r"(?:(?:oh|ah|aha|um|uh|well|right|yes|yeah|so|and|wait|i think|ok|okay"
    r"|found it|got it|sure|here)\b[ ,:!.]*)*"
)
_FOLLOW_UP = re.compile(
    rf"[^.!?\n]{{0,60}}[.!?,;\n]+\s*{_HUM}(?:(?:it|that|the \w+ one|mine|here it|they)"
    r"(?:['\u2019]?s|['\u2019]re|\s+is|\s+was|\s+are)|try|use|answer|a)\s*:?\s*",
    re.IGNORECASE,
)
# "The gate code? 4471."
_ANSWER = re.compile(
    rf"[^.!?\n]{{0,60}}\?+\s*{_HUM}(?=\S+(?:[.!?,;]|\s*$|\n|\s(?:i|and|then|for|but)\b))", re.I
)
_ASKED = re.compile(r"\bwhat(?:['\u2019]?s|\s+is|\s+was|\s+are)\s+[^.?!\n]{0,40}$", re.IGNORECASE)
_ONE_IS = re.compile(r"[^.!?\n]{0,80}?\bone\s+(?:is|was)\s+", re.IGNORECASE)
_DIRECT = re.compile(r"[ \t]+#?")
_TO = re.compile(r"(?:\s+[^\s.!?;:=,]+){0,5}?\s+(?:to|as|from)\s+", re.IGNORECASE)
# "a good password is long", "what my password is": no plain word that follows is a password.
_GENERAL = re.compile(
    r"\b(?:a|an|any|every|each|no|some|what|which|whatever|whether|if|unless|why|how|this kind of"
    r"|\w+ing\s+(?:the|my|our|your|a|his|her|their|this|that))\s+(?:[\w'\u2019-]+\s+){0,3}$",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"(?:\b(?:my|our|his|her|their|your|mein|mon|mi)|['\u2019]s)\s+(?:[\w-]+\s+){0,3}$", re.I
)
_CLAUSE_END = re.compile(
    r"[,;()\n\u2014]|[.!?](?=\s|$)|\s[-\u2013]\s|\s(?:and|but|so|because|since|if|when|which|that"
    r"|for|btw|lol"
    r"|haha|please|thanks"
    r"|by the way|with (?:a|an|the|no|two|three|capital|zeros?)|all (?:one|lower\w*|in|caps"
    r"|small)"
    r"|don['\u2019]?t|do not|just in case|in case|ok|okay|by|on|at|y|und|et)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"([\"'\u201c\u2018\u00ab`\u201e])(?P<value>[^\s,\"'%)][^\n]{0,79}?)(?:\1"
    r"|[\u201d\u2019\u00bb\u201c])(?!\w)"
)
_NUMBER = re.compile(rf"[#*]?\d(?:[ -]?\d)*[#*]?(?![\w-]|[.,:]\d|{UNIT})", re.IGNORECASE)
_SPELLED = re.compile(rf"{NUMBER_WORD}(?:[ ,-]+{NUMBER_WORD}){{2,}}\b(?!{UNIT})", re.IGNORECASE)
_AND = re.compile(
    rf"(?:\s+(?:for|on|at|to)\s+(?:the|my|our)\s+(?:\w+\s+)?\w+)?\s*(?:,|/|;|\bor\b|\band\b"
    rf"|\bthen\b)"
    rf"(?:\s+(?:and|or|then))?\s*(?:(?:the\s+)?(?:{PLACE}|backup|new|old)(?:\s+is"
    rf"|:)?\s+)?", re.IGNORECASE,
)  # fmt: skip

_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*|\d+")
_ABOUT = re.compile(
    r"(?:ed|ing|able|ible|ly|n['\u2019]t)$"
)  # "expired", "working", "memorable", "badly"


# "The most common password is 123456."
_STATISTIC = re.compile(
    r"(?<!\bmy )(?<!\bour )\b(?:most|common|popular|worst|typical|laziest)\s+(?:\w+\s+)?$", re.I
)


def _cues(text: str) -> Iterator[Span]:
    for match in _SEED.finditer(text):
        yield Span(*match.span("secret"), "cue")
    for cue in _CUE.finditer(text):
        kind = "keyed" if cue[0].lower() in _LINKED_ONLY else str(cue.lastgroup)
        before = text[max(0, cue.start() - 80) : cue.start()]
        start = re.split(r"[.!?\n]\s", before)[-1]
        if kind == "code" and not _CODE_OWNER.search(before):
            continue
        if _STATISTIC.search(before) or (kind == "code" and OTHER_CODE.match(text, cue.end())):
            continue
        earlier = _BEFORE_VALUE.search(before)
        if earlier and kind not in ("keyed", "place"):
            value = stripped(earlier["value"])
            number = kind in ("digits", "code") and re.fullmatch(r"\d(?:-?\d){3,}[#*]?", value)
            if number or (mixed(value) and kind != "code"):
                at = cue.start() - len(before) + earlier.start("value")
                at += earlier["value"].index(value)
                yield Span(at, at + len(value), "cue")
        yield from _after_cue(text, cue.end(), kind, cue[0], start)


def _after_cue(text: str, end: int, kind: str, cue: str, before: str) -> Iterator[Span]:
    """Yield the values that belong to the cue which ends at ``end``."""
    link = _LINK.match(text, end)
    if link and not (kind in ("code", "place") and re.search(r"=|\b(?:was|were|are)\b", link[0])):
        plain = kind == "wordy" and _may_be_plain(link, cue, before)
        yield from _values(text, link.end(), kind, plain)
    if cue.lower() in _LINKED_ONLY or kind == "place":
        return
    direct = _DIRECT.match(text, end)
    said = re.compile(r"[#*]?\d(?:[ -]?\d){3}" if cue[:2].lower() != "cv" else r"\d{3,4}\b")
    spelled = direct and kind == "digits" and _SPELLED.match(text, direct.end())
    if spelled and not link:
        yield from _values(text, spelled.start(), kind, plain=False)
    if direct and not link and (kind in ("wordy", "keyed") or said.match(text, direct.end())):
        yield from _values(text, direct.end(), kind, plain=False)
    if cue.lower() in ("pw", "pwd", "psw"):
        return
    asked = bool(_ASKED.search(before)) and kind == "wordy"
    for pattern in (_FOLLOW_UP, _ANSWER, _ONE_IS, _TO):
        follow = pattern.match(text, end)
        if follow:
            yield from _values(text, follow.end(), kind, asked and "?" in follow[0])
    sentence = SENTENCE.match(text, end, end + 160)
    for token in (
        re.finditer(r"\S+", sentence[0]) if sentence and kind in ("wordy", "keyed") else ()
    ):
        value = stripped(token[0])
        if strong(value) and not re.search(r"=|://", value):
            at = end + token.start() + token[0].index(value)
            yield Span(at, at + len(value), "cue")


def _may_be_plain(link: re.Match[str], cue: str, before: str) -> bool:
    """Say whether a plain word after this link may be the secret."""
    general = _GENERAL.search(before) and not re.match(FOREIGN, cue, re.IGNORECASE)
    if general or re.search("[^s]s$", cue.lower()) or link["mark"] == "=":
        return False
    if re.search(r"\bnot\b|\bno longer\b|\bnever\b", link["rest"]):
        return False
    # "the password to success is patience", but "my password for the club is patience".
    return bool(
        not link["gap"]
        or _OWNER.search(before)
        or re.search("wi-?fi|wlan", before + link["gap"], re.I)
    )


def _values(text: str, at: int, kind: str, plain: bool) -> Iterator[Span]:
    """Yield the value at ``at``, and those listed after it."""
    span = _value(text, at, kind, plain)
    while span is not None:
        yield span
        joint = _AND.match(text, span.end)
        span = _value(text, joint.end(), kind, plain=False) if joint else None


def _value(text: str, at: int, kind: str, plain: bool) -> Span | None:
    if text.startswith(REDACTED, at):
        return Span(at, at + len(REDACTED), "cue")  # so that the rest of a list is still read
    quoted = _QUOTED.match(text, at)
    if quoted and not is_placeholder(quoted["value"]) and _quotable(quoted["value"], kind, plain):
        return Span(*quoted.span("value"), "cue")
    number = _NUMBER.match(text, at) or _SPELLED.match(text, at)
    if number and kind != "keyed":
        digits = len(re.sub(r"\D", "", number[0]))
        groups = {len(group) for group in re.findall(r"\d+", number[0])}
        sure = kind not in ("code", "place") or bool(AFTER_CODE.match(text, number.end()))
        year = kind == "place" and re.fullmatch(r"(?:1[89]|20)\d\d", number[0])
        if number.re is _SPELLED or (digits >= (3 if kind == "digits" else 4) and groups != {1, 2}):
            return Span(*number.span(), "cue") if sure and not year else None
    token = re.compile(r"\S+").match(text, at)
    if token is None:
        return None
    value = stripped(token[0])
    if kind in ("code", "place") and not SHAPED.fullmatch(value):
        return None
    if mixed(value) and (kind != "keyed" or len(value) >= 6):
        if kind == "digits" and not re.search(r"\d", value):
            return None
        return Span(at, at + len(value), "cue")
    return _plain_words(text, at) if plain else None


def _quotable(value: str, kind: str, plain: bool) -> bool:
    if kind in ("digits", "code", "place"):
        return any(character.isdigit() for character in value)
    return (plain or mixed(value) or len(value) >= 8) and value.lower() not in ORDINARY


def _plain_words(text: str, at: int) -> Span | None:
    """Return the plain words from ``at`` to the end of the clause, if they can be a secret."""
    end = _CLAUSE_END.search(text, at, at + 100)
    clause = text[at : end.start() if end else at + 100].rstrip(" .!?:\"'*")
    words = clause.split()
    if not 1 <= len(words) <= 6 or REDACTED in clause:
        return None
    lower = [word.lower() for word in words]
    if len(clause) < 3 or not all(_WORD.fullmatch(word) for word in words):
        return None
    about = [word for word in lower if word in ORDINARY or _ABOUT.search(word)]
    # "correct horse battery staple": a long phrase may hold one such word, unless it is grammar.
    if len(about) > len(words) // 4 or any(len(word) < 4 for word in about) or words[0].isdigit():
        return None
    return Span(at, at + len(clause), "cue")


# --- assignments in code, configuration and shells --------------------------------------------

_ASSIGNMENT = re.compile(
    r"(?:(?P<chosen>password|passwd|passphrase|_pass|_pwd)"
    r"|secret|(?:auth|access|api|bearer|refresh|session|bot|hub|hf)_?token|(?-i:TOKEN)|api_?key"
    r"|access_?key|private_?key|(?-i:[A-Z0-9]_(?:KEY|PASS|PW|PWD|AUTH"
    r"|DSN)\b))(?:_[A-Za-z0-9_]+)?[\"']?\s*(?:=|:)\s*"
    r"(?:(?P<quote>[\"'])(?P<literal>[^\"'\s]{4,}?)(?P=quote)|(?P<bare>[^\s\"',;&]{6,}))",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[a-z]+(?:_[a-z]+)*(?:_\d+)?|[A-Z]+(?:_[A-Z0-9]+)*")


def _assignments(text: str) -> Iterator[Span]:
    for match in _ASSIGNMENT.finditer(text):
        group = "literal" if match["literal"] else "bare"
        value = match[group].rstrip(".")
        if _CUE.search(value) or is_placeholder(value):
            continue  # password = "password"
        secret = mixed(value) and not _IDENTIFIER.fullmatch(value)
        chosen = group == "literal" and match["chosen"] and value.lower() not in ORDINARY
        if secret or chosen:
            yield Span(match.start(group), match.start(group) + len(value), "cue")


# --- tokens drawn at random -------------------------------------------------------------------

_LONG = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,2}")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}://\S+|\bwww\.\S+", re.IGNORECASE)


def _random_tokens(text: str) -> Iterator[Span]:
    urls = [match.span() for match in _URL.finditer(text)]
    for match in _LONG.finditer(text):
        before = bisect.bisect(urls, (match.start(), len(text)))
        if before and match.start() < urls[before - 1][1]:
            continue  # an address, with the identifiers that addresses have
        # Separators within a random token are few; names of files and models have many.
        few = len(re.findall(r"[+/_-]", match[0])) <= 1 + len(match[0]) // 20
        if few and drawn_at_random(re.sub(r"[+/=_-]", "", match[0])):
            yield Span(*match.span(), "random")
