"""Finds the user's own words in a message: no pasted text, quotes, code, mails or role-play.

What is not the user's is replaced by :data:`MASK`, which no pattern crosses, so that a sentence
around a quote is still read. Where it is unclear how far a pasted text goes, the rest of the
message is left out: a fact missed can be told again, a stranger's fact learnt is a lie.
"""

from __future__ import annotations

import re

from sleeping_plugin.extract.pasted import without_blocks

MASK = "\u241f"

_PLAIN = str.maketrans(
    {
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{DOUBLE LOW-9 QUOTATION MARK}": '"',
        "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
        "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
        "\N{NO-BREAK SPACE}": " ",
    }
)
_FENCE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`", re.DOTALL)
_QUOTED_LINES = re.compile(r"^[ \t]*>.*(?:\n[ \t]*>.*)*", re.MULTILINE)
_MAIL = re.compile(
    r"^(?:-{2,} ?(?:original|forwarded)|(?:from|sent|to|cc|subject|betreff|von) ?: ?\S).*\Z",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_DOUBLE = re.compile(r'"([^"]*)"|"([^"]*)\Z')
_SINGLE = re.compile(r"(?<![\w'])'(?=\w)((?:[^'\n]|(?<=\w)'(?=\w)){9,}?)'(?!\w)")
_TITLED = re.compile(
    r"(?:is|was|called|named|titled|book|film|movie|song|novel|album|show|series|game|band|poem|"
    r"read|reading|watch|watching|love|like|nicknamed|name|by|as)[,:]?\s*$",
    re.IGNORECASE,
)
_WORK = (
    r"(?:summar\w+|translat\w+|proof-?read\w*|rewrit\w+|rewrote|re-?phras\w+|paraphras\w+|"
    r"polish\w*|"
    r"shorten\w*|correct|edit|improve|check|grade|mark|review|analy[sz]e|explain|simplify|"
    r"tl;?dr|gist|spell-?check|fix|reply to|respond to|answer to|reword|condense|format|tidy up|"
    r"make sense of|what does (?:this|that|it) (?:mean|say)|tone|sound|turn (?:this|it) into|"
    r"read this|look at this|look over|have a look|feedback|opinion on|what do you make of|"
    r"extract|list the|bullet points?|continue (?:this|the)|finish (?:this|the) (?:story|text))"
)
_TEXT = (
    r"(?:letter|e?-?mail|text|message|msg|sms|article|ad|advert|note|sign|caption|post|tweet|bio|"
    r"draft|paragraph|lyrics|poem|essay|story|review|transcript|speech|wikipedia|newspaper|"
    r"magazine|"
    r"website|web page|chapter|book|script|cv|resume|passage|excerpt|cutting|quote|profile|entry|"
    r"description|blurb|obituary|report|reply|comment|voicemail|postcard)"
)
_SOURCE = (
    r"(?:(?:here(?:'s| is| are| comes)|this is|below is|see|pasted?|copied|got|received|found|"
    r"read)\b"
    rf"[^.!?\n:]{{0,60}}?\b{_TEXT}\b|"
    r"\b(?:wrote|writes|says|said|reads|goes|texted|emailed|e-mailed|posted|messaged|quoted?)\b|"
    rf"\b(?:his|her|their|the|this|following)\s(?:\w+\s)?{_TEXT}\b)"
)
_PASTE = re.compile(
    rf"(?:\b{_WORK}\b[^\n:]{{0,160}}|\b{_SOURCE}[^\n:.!?]{{0,60}}):(?=\s*\S)", re.IGNORECASE
)
_LABEL = re.compile(
    r"^\W*(?:sentences?|text|input|example|prompt|original|draft|paragraph|quote|statement|caption|"
    r"lyrics|passage|story|dialogue|transcript|email|e-mail|mail|letter|message|article|title|"
    r"bio):\s",
    re.IGNORECASE | re.MULTILINE,
)
_PASTE_BELOW = re.compile(
    rf"^[^\n]*\b{_WORK}\b[^\n]{{0,160}}\b(?:this|these|that|it|following|below|text|mail|e-?mail|"
    r"message|letter|article|paragraph|note|post|draft|bio|essay|poem|"
    r"story)\b[^\n]{0,120}\n+(?=\S)",
    re.IGNORECASE | re.MULTILINE,
)
_BACK = re.compile(
    r"\n\s*\n(?=(?:thanks|thank you|thx|cheers|btw|by the way|anyway|ps\b|p\.s\.|that'?s (?:the|"
    r"what|from))"
    r"[^\n]*\Z)",
    re.IGNORECASE,
)
# "This guy says I am from Texas and I own a ranch": who is "I"?
_SPEECH = re.compile(
    r"\b(?!I\b|we\b)[\w']+ (?:\w+ly )?(?:says?|said|writes|wrote|texted|goes|went"
    r"|(?:was|is|were|are|be)(?: all| just)? like|(?:is|was) all),? "
    r"(?P<speech>(?!(?:I'?m|I am) (?:wrong|mistaken)|I (?:got|have|had) (?:it|that) )"
    r"(?:I|I'm|I've|im|ive|we|we're)\b[^.!?\n]*?)"
    r"(?=[.!?\n]|\Z|, (?!(?:and )?(?:I|my|I'm|im)\b)|,? (?:but|so|because|which"
    r"|and I (?:was|said|am|go|went|told))\b)",
    re.IGNORECASE,
)
_STAGE = re.compile(
    r"(?:^|[.!?;:] )\W*(?:(?:so|ok|okay|now|please|and|but|let us) )*(?:imagine|pretend|suppose|"
    r"supposing|assume|assuming)\b(?!,)|"
    r"\b(?:let'?s (?:say|pretend|imagine|play)|hypothetically|"
    r"role-?play\w*|in another life|in a parallel|make-believe|say (?:i|you) (?:am|was|were|had)|"
    r"(?:act|talk|speak|behave|answer|reply|write) (?:as|like) (?:if|an?|the|you|my|our)\b|"
    r"you(?: a|')re now (?:an?|the|my)\b|you(?: a|')re (?:an?|the|my) [\w -]{2,40}?(?:,? (?:and|"
    r"while) "
    r"(?:I am|I'm)|,? (?:named|called|who)\b)|for example,? say)",
    re.IGNORECASE,
)
_ALOOF = re.compile(
    r"\b(?:you(?: a|')re (?:an?|the|my) \w+|from now on|as an example|in (?:the|my) (?:game|"
    r"campaign|novel|story|dream|film|book)|"
    r"my (?:main )?character|the (?:main )?character|the narrator|i dreamt|i dreamed|"
    r"(?:story|tale|poem|song|scene|sketch|dialogue|monologue|lyrics|rap)\b.{0,30}\b(?:where|in "
    r"which|"
    r"that starts|that begins|narrated)|how (?:do|would|can) (?:you |i |we )?(?:say|spell|"
    r"pronounce|write)|translate|in (?:german|french|spanish|italian|english|dutch|portuguese)\?|"
    r"(?:is it|it is) correct to say|your name is|call yourself|address me as if|"
    r"what if|would(?:n't)? it be|i wish|if only)\b",
    re.IGNORECASE,
)
_REAL_AGAIN = re.compile(
    r"^\W*(?:anyway|seriously|in reality|for real|but (?:actually|really)|joking aside|now,|ok,? "
    r"but|"
    r"back to|in real life|irl|by the way|btw|oh,? and|also)\b",
    re.IGNORECASE,
)
_JOKE = re.compile(
    r"(?<!not )\b(?:just kidding|jk|only joking|just joking|kidding!|i'?m joking|yeah,? right|"
    r"as if\b|not!$|i am groot\b|your father$|bond, james bond|"
    r"queen of (?:england|sheba|hearts)|king of (?:england|siam|france)|"
    r"the (?:pope|easter bunny|tooth fairy|dalai lama)|father christmas|santa claus|"
    r"i'?m (?:obviously |clearly )?(?:superman|batman|spider-?man|napoleon|elvis|beyonc\S+|"
    r"james bond|a (?:robot|ghost|wizard|unicorn|vampire|zombie|pirate|princess|millionaire|"
    r"billionaire|genius)))\b|(?:^|\s)/s\b",
    re.IGNORECASE,
)
_BACKWARD_JOKE = re.compile(
    r"^\W*(?:just kidding|jk|only joking|just joking|kidding|i'?m joking)", re.I
)


def plain(text: str) -> str:
    """Return ``text`` with straight quotes and plain spaces; the length stays."""
    return text.translate(_PLAIN)


def own_words(text: str) -> str:
    """Return the message with everything that is not the user's own voice masked."""
    text = _FENCE.sub(MASK, plain(text))
    text = _QUOTED_LINES.sub(MASK, text)
    text = _MAIL.sub(MASK, text)
    text = without_blocks(_unquoted(text), MASK)
    text = _SPEECH.sub(lambda match: match.group().replace(match.group("speech"), MASK), text)
    return _without_pastes(text)


def is_staged(sentence: str) -> bool:
    """Tell whether a sentence opens something made up: a role, a story, a supposition."""
    return bool(_STAGE.search(sentence))


def is_aloof(sentence: str) -> bool:
    """Tell whether one sentence is about language, fiction or rules, not about the user."""
    return bool(_ALOOF.search(sentence))


def is_real_again(sentence: str) -> bool:
    """Tell whether a sentence leaves what was made up."""
    return bool(_REAL_AGAIN.search(sentence))


def is_joke(sentence: str) -> bool:
    """Tell whether the user marks the sentence as not meant."""
    return bool(_JOKE.search(sentence))


def takes_back(sentence: str) -> bool:
    """Tell whether the sentence says that the one before was a joke."""
    return bool(_BACKWARD_JOKE.search(sentence))


def _unquoted(text: str) -> str:
    """Mask quotes of others; keep names and titles."""

    def mask(match: re.Match[str]) -> str:
        inner = match.group(1) if match.group(1) is not None else match.group(match.lastindex or 0)
        if _is_title(inner or "", text[: match.start()]):
            return match.group(0)
        return MASK

    return _SINGLE.sub(mask, _DOUBLE.sub(mask, text))


def _is_title(inner: str, before: str) -> bool:
    """Tell the name of a dog or a book from somebody's speech."""
    inside = inner.split()
    if not inside or len(inside) > 8:
        return False
    if len(inside) <= 3 and not re.search(r"\b(?:I|I'm|i|my|we|you|is|am|are)\b", inner):
        return True
    weighty = [word for word in inside if len(word) > 3 and word[0].isalpha()] or inside
    large = sum(word[0].isupper() for word in weighty)
    return bool(_TITLED.search(before)) and large >= max(1, 0.6 * len(weighty))


def _without_pastes(text: str) -> str:
    """Mask what follows "summarise this:", up to where the user speaks again."""
    for pattern in (_PASTE, _PASTE_BELOW, _LABEL):
        found = pattern.search(text)
        if not found:
            continue
        rest = text[found.end() :]
        if rest.lstrip().startswith(MASK):  # what was quoted is masked already
            continue
        back = _BACK.search(rest)
        return text[: found.end()] + MASK + (rest[back.start() :] if back else "")
    return text
