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
from collections.abc import Iterator
from dataclasses import dataclass

REDACTED = "[redacted]"


@dataclass(frozen=True, slots=True)
class Span:
    """Where a secret is: ``text[start:end]``."""

    start: int
    end: int
    kind: str  # "token", "card", "bank account", "cue", "url" or "random"


def find_secrets(text: str) -> list[Span]:
    """Return the secrets of ``text`` in order, without overlaps."""
    found = sorted(
        itertools.chain(_formats(text), _numbers(text), _cues(text), _assignments(text),
                        _random_tokens(text)),
        key=lambda span: (span.start, -span.end),
    )  # fmt: skip
    merged: list[Span] = []
    for span in found:
        if REDACTED in text[span.start : span.end] and len(REDACTED) >= span.end - span.start:
            continue
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            merged.append(span)
    return merged


def redact(text: str) -> str:
    """Return ``text`` with every secret replaced by "[redacted]". Twice changes nothing more."""
    for span in reversed(find_secrets(text)):
        text = text[: span.start] + REDACTED + text[span.end :]
    return text


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
    r"|AGE-SECRET-KEY-1[A-Z0-9]{40,}|\d{8,10}:AA[A-Za-z0-9_-]{32,}"  # age, Telegram bots
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"  # JSON web tokens
    r")"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_AUTHORIZATION = re.compile(r"\b(?:Bearer|Basic)\s+(?P<secret>[A-Za-z0-9+/=._~-]{16,})")
_URL_LOGIN = re.compile(
    r"\b[a-z][a-z0-9+.-]{0,20}://(?P<secret>[^\s/@:]*:[^\s/@]+)@", re.IGNORECASE
)
_URL_PARAMETER = re.compile(
    r"[?&;](?:[a-z_-]*token|[a-z_-]*secret|api_?-?key|key|password|passwd|pwd|sig|signature)"
    r"=(?P<secret>[^\s&#;\"'<>]{6,})",
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
            if not _placeholder(match["secret"]):
                yield Span(*match.span("secret"), "url")


# --- numbers with check digits ----------------------------------------------------------------

_CARD = re.compile(
    r"(?<![\w.+-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})"
    r"(?![\w-]|\.\d)"
)
_CARD_ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|35\d{14}|62\d{14,17}|(?:50|5[6-9]|6\d)\d{10,17}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}[ -]?(?=[A-Za-z0-9])")
_IBAN_LENGTHS = """
    15NO 16BE 18DK 18FI 18FO 18GL 18NL 19MK 19SI 20AT 20BA 20EE 20KZ 20LT 20LU 20XK 21CH 21CR
    21HR 21LI 21LV 22BG 22BH 22DE 22GB 22GE 22IE 22ME 22RS 23AE 23GI 23IL 23IQ 23OM 24AD 24CZ
    24ES 24MD 24PK 24RO 24SA 24SE 24SK 24TN 24VA 24VG 25LY 25PT 26IS 26TR 27FR 27GR 27IT 27MC
    27MR 27SM 28AL 28AZ 28BY 28CY 28DO 28GT 28HU 28LB 28PL 29BR 29EG 29PS 29QA 29UA 30JO 30KW
    30MU 31MT 31SC 32LC
"""
_IBAN_LENGTH = {entry[2:]: int(entry[:2]) for entry in _IBAN_LENGTHS.split()}


def _numbers(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if _CARD_ISSUER.fullmatch(digits) and _luhn(digits):
            yield Span(*match.span(), "card")
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTH.get(match[0][:2].upper(), 0)
        account = re.compile(rf"(?:[A-Za-z0-9][ -]?){{{length - 1}}}[A-Za-z0-9](?![A-Za-z0-9])")
        whole = account.match(text, match.start()) if length else None
        if whole and _mod97(re.sub(r"[ -]", "", whole[0]).upper()):
            yield Span(*whole.span(), "bank account")


def _luhn(digits: str) -> bool:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _mod97(account: str) -> bool:
    moved = account[4:] + account[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


# --- cues -------------------------------------------------------------------------------------

# What follows these is the name of a thing, not a secret: "password manager".
_COMPOUND = (
    r"(?![\s-]*(?:managers?|generators?|reset\w*|polic\w+|hash\w*|fields?|prompts?|vaults?|hints?"
    r"|protect\w*|lengths?|strengths?|recovery|rules?|safes?|apps?|tools?|dialogs?|forms?|boxes"
    r"|changes?|file|less|holders?|requirements?|authentication|leaks?|breach\w*|cushions?|board)\b)"
)
_WORDY = (
    r"pass[ -]?words?|passwd|pass[ -]?phrases?|passcodes?|passwor[dt]e?s?|kennwort|mot de passe"
    r"|contraseñas?|senha|wachtwoord"
)
_DIGITS = (
    r"pin(?:[ -]?(?:code|number))?|(?:door|gate|alarm|entry|entrance|access|security|unlock|lock"
    r"|padlock|locker|garage|safe|vault|verification|login|2fa|sms|otp|one-time|backup|recovery"
    r"|activation|lockbox|keypad)[ -]?codes?|combination|cvv2?|cvc2?|otp"
    r"|ssn|social security(?: number)?|card number"
)
_KEYED = (
    r"(?:api|access|auth|authentication|bearer|secret|private|refresh|session|license|licence"
    r"|product|activation|recovery|encryption|wifi|wi-fi|wpa2?|network security|bot|client)"
    r"[ _-]?(?:access[ _-]?)?(?:keys?|tokens?|secrets?)|credentials|logins?|pwd|pw"
)
_CUE = re.compile(
    rf"(?<![A-Za-z0-9])(?:(?P<wordy>{_WORDY})|(?P<digits>(?<![\w-])(?:{_DIGITS}))|(?P<keyed>{_KEYED}))"
    rf"(?![A-Za-z0-9_]){_COMPOUND}",
    re.IGNORECASE,
)
_LINKED_ONLY = {"pwd", "pw", "login", "logins"}  # cues only with "is", ":" or "=" behind them
_SEED = re.compile(
    r"\b(?:seed|recovery|mnemonic|backup|secret)[ -]?(?:phrase|words|seed)\b[^.!?\n]{0,40}?"
    r"(?P<secret>(?:[a-z]{3,8}[ ,\n]+){11,23}[a-z]{3,8})\b"
)
# From the cue to its value: "(for my bank) is now", ", by the way, is", ":", "= ".
_LINK = re.compile(
    r"[\"'`*_]{0,3}"
    r"(?P<gap>(?:\s+(?:for|to|of|at|on|in|with|from|that|which|you|i|we|they|he|she|here)\b"
    r"(?:\s+[^\s.!?;:=,]+){0,8}?)?(?:,[^,.!?\n]{1,60},)?)"
    r"(?:[ \t]*(?P<mark>[:=]|->|\u2192)|\s+(?:is|was|are|were|ist|est|es|è|é|equals|reads)\b"
    r"|['\u2019]s\b)"
    r"(?P<rest>[\"'*_]{0,2}\s*(?:(?:now|currently|still|just|simply|actually|probably|always|set to"
    r"|changed to|called|going to be|back to|again|not|never|no longer|:)\s+)*)",
    re.IGNORECASE,
)
_BEFORE_VALUE = re.compile(
    r"(?P<value>\S+)\s+(?:is|was|as)\s+(?:also\s+|still\s+|now\s+)?"
    r"(?:(?:my|our|the|his|her|their|your|a|\w+['\u2019]s)\s+)(?:[\w-]+\s+){0,3}$",
    re.IGNORECASE,
)
_FOLLOW_UP = re.compile(
    r"[^.!?\n]{0,60}[.!?,;\n]+\s*(?:and\s+)?(?:it|that|the \w+ one|mine|here it)"
    r"(?:['\u2019]s|\s+is|\s+was)\s*:?\s*",
    re.IGNORECASE,
)
_ONE_IS = re.compile(r"[^.!?\n]{0,80}?\bone\s+(?:is|was)\s+", re.IGNORECASE)
_DIRECT = re.compile(r"[ \t]+#?")
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\S))*")
_TO = re.compile(r"(?:\s+[^\s.!?;:=,]+){0,5}?\s+to\s+", re.IGNORECASE)
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
    r"[,;()\n\u2014]|[.!?](?=\s|$)|\s[-\u2013]\s|\s(?:and|but|so|because|since|if|when|which|that|for|btw|lol"
    r"|haha|please|thanks"
    r"|by the way|don['\u2019]?t|do not|just in case|in case|ok|okay|by|on|at|y|und|et)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"([\"'\u201c\u2018\u00ab`\u201e])(?P<value>[^\s,\"'%)][^\n]{0,79}?)(?:\1|[\u201d\u2019\u00bb\u201c])(?!\w)"
)
_NUMBER = re.compile(
    r"#?\d(?:[ -]?\d)*[#*]?(?![\w-]|[.,:]\d|\s*(?:%|[a-z]*metres\b|m\b|km\b|times\b))"
)
_NUMBER_WORD = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_SPELLED = re.compile(rf"{_NUMBER_WORD}(?:[ ,-]+{_NUMBER_WORD}){{2,}}\b", re.IGNORECASE)
_AND = re.compile(r"\s*(?:,|/|;|\bor\b|\band\b)(?:\s+(?:and|or))?\s*", re.IGNORECASE)

# Words that people use to speak about passwords; none of them is taken for one.
_ORDINARY_WORDS = """
    a about above accepted again against all almost alphanumeric already also always amazing
    an and annoying another any anymore anything anywhere are as at available awesome awful
    awkward back bad bananas based basically be because been before being below best better
    between big blank bool boring both broken but by bytes called can case case-sensitive
    changeable char characters chosen clean clear common complete complex complicated
    compromised confidential confusing cool correct crazy critical crucial cryptic current
    cute dead default different difficult digits dreadful dumb each easier easy either else
    elsewhere empty encrypted enough essential even ever every everyday everything everywhere
    exactly extra false far fine first for forever forgotten fresh from frozen fun funny
    garbage gibberish gone good great guessable handy hard harder hash hashed he her here hers
    hidden his hopeless horrible how huge i identical if immediately important impossible in
    incomplete incorrect insecure inside int interesting into invalid is it its itself just
    kept key kind known lame last later less letters like literally long longer lost lowercase
    mandatory maybe me memorable mine minimum missing mixed more most much my name near
    necessary neither never new next nice no non-existent none nonexistent nonsense normal not
    nothing now nowhere null number numbers obvious odd of off often ok okay old older on once
    one only open optional or our ours out outdated over own password-protected perfect
    personal plain poor possible pretty private probably problem proven public quite random
    rather ready real really required reset ridiculous right rubbish safe safer same saved
    secret secure sensitive sent set several shared she short shorter should shown silly
    simple since single so solid some somehow something somewhere soon special spoken stale
    still stolen stored str string strong stronger strongest stuck stupid such super supposed
    sure synced taken tedious temporary terrible terrific text than that the their them then
    there these they thing this those though tiny to today together tomorrow tonight too top
    tough trash tricky trivial true twice ugly unbreakable unchanged unclear undefined under
    unimportant unique unknown unsafe unsecured unset until up upper uppercase us useful
    useless usual valid varchar very visible vital vulnerable was way weak weaker weird well
    were what when where whether which while who why with within without words written wrong
    yes yet you your yours
"""
_ORDINARY = frozenset(_ORDINARY_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*|\d+")
_ABOUT = re.compile(
    r"(?:ed|ing|able|ible|ly|n['\u2019]t)$"
)  # "expired", "working", "memorable", "badly"
_NO_SECRET = re.compile(
    r"\d+(?:[.,:/-]\d+)*(?:st|nd|rd|th|s|k|x|am|pm|kg|g|km|m|cm|mm|ms|gb|mb|kb|b|h|hz|ghz|€|\$|£|%)?"
    r"|\d+-[a-z]+(?:-[a-z]+)?|v\d+(?:\.\d+)*|[\w.+-]+@[\w-]+\.[\w.-]+|\w+://.*|www\..*|[~.]?/.*"
    r"|(?:sha|md|aes|utf|wpa|oauth|base|ipv|mp|h|x|des|rsa|ed|argon|bcrypt|pbkdf|win|windows|python"
    r"|android|ios|level|version|step|office|iso|rfc|covid|web)-?\d+(?:-\d+)?|2fa|1password|mfa|b2b"
    r"|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?:\(.*)?",
    re.IGNORECASE,
)


def _cues(text: str) -> Iterator[Span]:
    for match in _SEED.finditer(text):
        yield Span(*match.span("secret"), "cue")
    for cue in _CUE.finditer(text):
        kind = str(cue.lastgroup)
        before = text[max(0, cue.start() - 80) : cue.start()]
        start = re.split(r"[.!?\n]\s", before)[-1]
        earlier = _BEFORE_VALUE.search(start)
        if earlier and kind != "keyed":
            value = _stripped(earlier["value"])
            if _mixed(value) or (kind == "digits" and re.fullmatch(r"\d{4,}", value)):
                at = cue.start() - len(start) + earlier.start("value")
                at += earlier["value"].index(value)
                yield Span(at, at + len(value), "cue")
        yield from _after_cue(text, cue.end(), kind, cue[0], start)


def _after_cue(text: str, end: int, kind: str, cue: str, before: str) -> Iterator[Span]:
    """Yield the values that belong to the cue which ends at ``end``."""
    link = _LINK.match(text, end)
    if link:
        plain = kind == "wordy" and _may_be_plain(link, cue, before)
        yield from _values(text, link.end(), kind, plain)
    if cue.lower() in _LINKED_ONLY:
        return
    direct = _DIRECT.match(text, end)
    if direct and not link and (kind != "digits" or re.match(r"\d{4}", text[direct.end() :])):
        yield from _values(text, direct.end(), kind, plain=False)
    for pattern in (_FOLLOW_UP, _ONE_IS, _TO):
        follow = pattern.match(text, end)
        if follow:
            yield from _values(text, follow.end(), kind, plain=False)
    sentence = _SENTENCE.match(text, end, end + 160)
    for token in re.finditer(r"\S+", sentence[0]) if sentence and kind != "digits" else ():
        value = _stripped(token[0])
        if _strong(value) and not re.search(r"=|://", value):
            at = end + token.start() + token[0].index(value)
            yield Span(at, at + len(value), "cue")


def _may_be_plain(link: re.Match[str], cue: str, before: str) -> bool:
    """Say whether a plain word after this link may be the secret."""
    if _GENERAL.search(before) or cue.lower().endswith("s") or link["mark"] == "=":
        return False
    if re.search(r"\bnot\b|\bno longer\b|\bnever\b", link["rest"]):
        return False
    # "the password to success is patience", but "my password for the club is patience".
    return bool(not link["gap"] or _OWNER.search(before) or re.search("wi-?fi", before, re.I))


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
    if quoted and not _placeholder(quoted["value"]) and _quotable(quoted["value"], kind, plain):
        return Span(*quoted.span("value"), "cue")
    number = _NUMBER.match(text, at) or _SPELLED.match(text, at)
    if number and kind != "keyed":
        digits = len(re.sub(r"\D", "", number[0]))
        if number.re is _SPELLED or digits >= (3 if kind == "digits" else 4):
            return Span(*number.span(), "cue")
    token = re.compile(r"\S+").match(text, at)
    if token is None:
        return None
    value = _stripped(token[0])
    if _mixed(value) and (kind != "keyed" or len(value) >= 6):
        if kind == "digits" and not re.search(r"\d", value):
            return None
        return Span(at, at + len(value), "cue")
    return _plain_words(text, at) if plain else None


def _quotable(value: str, kind: str, plain: bool) -> bool:
    if kind == "digits":
        return any(character.isdigit() for character in value)
    return (plain or _mixed(value) or len(value) >= 8) and value.lower() not in _ORDINARY


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
    about = [word for word in lower if word in _ORDINARY or _ABOUT.search(word)]
    # "correct horse battery staple": a long phrase may hold one such word, unless it is grammar.
    if len(about) > len(words) // 4 or any(len(word) < 4 for word in about):
        return None
    return Span(at, at + len(clause), "cue")


def _stripped(token: str) -> str:
    """Return ``token`` without the punctuation and quotes of the sentence around it."""
    return token.strip("\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb*(<").rstrip(
        ".,;:!?)>\"'`\u201c\u201d\u2019\u00bb*]"
    )


def _mixed(token: str) -> bool:
    """Say whether ``token``, in the place of a secret, is written as no word is."""
    if len(token) < 4 or _NO_SECRET.fullmatch(token) or _placeholder(token):
        return False
    if re.search(r"[(\[{]", token) and re.match(r"[A-Za-z_][\w.]*[(\[{]", token):
        return False  # a call or an index: code
    letters = any(character.isalpha() for character in token)
    digits = any(character.isdigit() for character in token)
    humps = len(re.findall(r"[a-z][A-Z]", token))
    return letters and (digits or humps >= 2 or bool(re.search(r"\w[!@#$%^*~]+\w", token)))


def _strong(token: str) -> bool:
    """Say whether ``token`` looks like a secret anywhere near a cue."""
    kinds = [_class(character) for character in token]
    changes = sum(a != b for a, b in itertools.pairwise(kinds))
    inner = re.search(r"[A-Za-z][^A-Za-z]+[A-Za-z]", token)  # "MacBook2019" has none
    return (
        bool(inner) and len(token) >= 8 and len(set(kinds)) >= 3 and changes >= 4 and _mixed(token)
    )


def _class(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.isalpha():
        return "upper" if character.isupper() else "lower"
    return "symbol"


_PLACEHOLDER = re.compile(
    r"[<{].*|\$(?:\{.*|[A-Z_]+)|%(?:[a-z]|\(.*)|[-*.x\u2026]+|your[_ -].*|example|changeme"
    r"|.*(?:\[redacted|\.\.\.|\*\*\*).*",
    re.IGNORECASE,
)


def _placeholder(value: str) -> bool:
    return bool(_PLACEHOLDER.fullmatch(value))


# --- assignments in code, configuration and shells --------------------------------------------

_ASSIGNMENT = re.compile(
    r"(?:(?P<chosen>password|passwd|passphrase|_pass|_pwd)"
    r"|secret|(?:auth|access|api|bearer|refresh|session|bot|hub|hf)_?token|(?-i:TOKEN)|api_?key"
    r"|access_?key|private_?key)(?:_[A-Za-z0-9_]+)?[\"']?\s*(?:=|:)\s*"
    r"(?:(?P<quote>[\"'])(?P<literal>[^\"'\s]{4,}?)(?P=quote)|(?P<bare>[^\s\"',;&]{6,}))",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[a-z]+(?:_[a-z]+)*(?:_\d+)?|[A-Z]+(?:_[A-Z0-9]+)*")


def _assignments(text: str) -> Iterator[Span]:
    for match in _ASSIGNMENT.finditer(text):
        group = "literal" if match["literal"] else "bare"
        value = match[group].rstrip(".")
        if _CUE.search(value) or _placeholder(value):
            continue  # password = "password"
        secret = _mixed(value) and not _IDENTIFIER.fullmatch(value)
        chosen = group == "literal" and match["chosen"] and value.lower() not in _ORDINARY
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
        if few and _random(re.sub(r"[+/=_-]", "", match[0])):
            yield Span(*match.span(), "random")


def _random(token: str) -> bool:
    """Say whether a token of letters and digits shows no trace of words.

    Drawn at random, two neighbours are of different classes (lower, upper, digit) 62 % of the
    time and three small letters rarely meet; in ``convertUtf8ToBase64`` it is the other way round.
    """
    kinds = [_class(character) for character in token]
    changes = sum(a != b for a, b in itertools.pairwise(kinds)) / (len(kinds) - 1)
    runs = re.findall(r"[A-Z]?[a-z]{3,}", token)
    words = sum(len(run) for run in runs if re.search(r"[aeiou]", run))
    return len(set(kinds)) == 3 and changes >= 0.38 and words <= 0.3 * len(token)
