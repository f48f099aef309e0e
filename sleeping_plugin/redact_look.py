"""What a secret looks like, whatever stands around it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Where a secret is: ``text[start:end]``."""

    start: int
    end: int
    kind: str  # "token", "card", "bank account", "cue", "url" or "random"


_NO_SECRET = re.compile(
    r"\d+(?:[.,:/-]\d+)*(?:st|nd|rd|th|s|k|x|am|pm|kg|g|km|m|cm|mm|ms|gb|mb|kb|b|h|hz|ghz|€|\$|£"
    r"|%)?"
    r"|\d+-[a-z]+(?:-[a-z]+)?|v\d+(?:\.\d+)*|[\w.+-]+@[\w-]+\.[\w.-]+|\w+://.*|www\..*|[~.]?/.*"
    r"|(?:sha|md|aes|utf|wpa|oauth|base|ipv|mp|h|x|des|rsa|ed|argon|bcrypt|pbkdf|win|windows|python"
    r"|android|ios|level|version|step|office|iso|rfc|covid|web)-?\d+(?:-\d+)?|2fa|1password|mfa|b2b"
    r"|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?:\(.*)?",
    re.IGNORECASE,
)


def stripped(token: str) -> str:
    """Return ``token`` without the punctuation and quotes of the sentence around it."""
    return token.strip("\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb*(<").rstrip(
        ".,;:!?)>\"'`\u201c\u201d\u2019\u00bb*]"
    )


def mixed(token: str) -> bool:
    """Say whether ``token``, in the place of a secret, is written as no word is."""
    if len(token) < 4 or _NO_SECRET.fullmatch(token) or is_placeholder(token):
        return False
    if re.search(r"[(\[{]", token) and re.match(r"[A-Za-z_][\w.]*[(\[{]", token):
        return False  # a call or an index: code
    letters = any(character.isalpha() for character in token)
    digits = any(character.isdigit() for character in token)
    humps = len(re.findall(r"[a-z][A-Z]", token))
    return letters and (digits or humps >= 2 or bool(re.search(r"\w[!@#$%^*~]+\w", token)))


def strong(token: str) -> bool:
    """Say whether ``token`` looks like a secret anywhere near a cue."""
    kinds = [char_class(character) for character in token]
    changes = sum(a != b for a, b in itertools.pairwise(kinds))
    inner = re.search(r"[A-Za-z][^A-Za-z]+[A-Za-z]", token)  # "MacBook2019" has none
    return (
        bool(inner) and len(token) >= 8 and len(set(kinds)) >= 3 and changes >= 4 and mixed(token)
    )


def char_class(character: str) -> str:
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


def is_placeholder(value: str) -> bool:
    return bool(_PLACEHOLDER.fullmatch(value))


def drawn_at_random(token: str) -> bool:
    """Say whether a token of letters and digits shows no trace of words.

    Drawn at random, two neighbours are of different classes (lower, upper, digit) 62 % of the
    time and three small letters rarely meet; in ``convertUtf8ToBase64`` it is the other way round.
    """
    kinds = [char_class(character) for character in token]
    changes = sum(a != b for a, b in itertools.pairwise(kinds)) / (len(kinds) - 1)
    runs = re.findall(r"[A-Z]?[a-z]{3,}", token)
    words = sum(len(run) for run in runs if re.search(r"[aeiou]", run))
    return len(set(kinds)) == 3 and changes >= 0.38 and words <= 0.3 * len(token)
