"""Finds whole blocks that somebody else wrote: letters, forms, CVs, lyrics, texts to work on.

With a cue ("summarise", "is this too formal?", "got this from my landlord:") or by their layout
alone. What a cue announces goes on to the end of the message, unless the user clearly speaks again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_VERB = (
    r"(?:summar\w+|translat\w+|proof-?read\w*|re-?writ\w+|re-?phras\w+|paraphras\w+|polish"
    r"|shorten|correct|edit|improve|check|grade"
    r"|review|analy[sz]e|simplify|tl;?dr|spell-?check|fix|reword|condense|format|tidy"
    r"|reply to|respond to|answer|critique|rate|parse"
    r"|explain|continue|finish|transcribe|extract|make (?:this|it) (?:more|less|shorter"
    r"|sound|polite|formal))"
)
_ABOUT_TEXT = (
    r"(?:this|these|below|above|following|mistakes?|errors?|typos?|thoughts|opinions?"
    r"|feedback|formal|polite|tone|sounds?"
    r"|reads?|clear|grammar|punctuation|what does (?:it|he|she) mean)"
)
# A first line that asks for work on what stands below it.
_ORDER = re.compile(
    rf"\A[^\n]{{0,24}}?\b{_VERB}\b(?![^\n]*\b(?:I am|I'm|I live|I work|my "
    rf"name)\b)[^\n.!?]{{0,90}}[.!?:]?[ \t]*\n+(?=\S)|"
    rf"\A(?=[^\n]*\?)[^\n]{{0,120}}\b{_ABOUT_TEXT}\b[^\n]{{0,60}}\n[ \t]*\n+(?=\S)|"
    r"\A[^\n]{0,100}:[ \t]*\n[ \t]*\n+(?=\S)",
    re.IGNORECASE,
)
# A last paragraph that asks for work on what stands above it.
_ORDER_BELOW = re.compile(
    rf"\n[ \t]*\n+(?P<order>(?:(?:please|pls|can|could|would|you|now|ok"
    rf"|so)\b ?)*{_VERB}\b[^\n]{{0,30}}\b(?:this|the above|the text|that"
    rf"|for me)\b[^\n]{{0,60}}|(?:how|what) (?:do|should|can|would) I (?:answer|reply"
    rf"|respond|say to (?:that|this|him|her))[^\n]{{0,60}}"
    rf"|{_VERB}(?: please| pls)?[.!?]?)\s*\Z",
    re.IGNORECASE,
)
_WRITING = (
    r"(?:e-?mail|letter|message|text|note|post|mail|advert|ad|reply|speech|story|poem|novel|song|verse"
    r"|joke|riddle|tale|limerick|haiku|rap|lyrics|essay|article|bio|profile|script|monologue"
    r"|dialogue|(?:first|last|opening|next) (?:line|sentence|paragraph))"
)
# A text announced by what it is, by where it stood, or by whether it can be true.
_ANNOUNCED = re.compile(
    rf"\b(?:here(?:'s| is)|this is|below is|that is)\b[^.!?\n]{{0,40}}\b{_WRITING}\b"
    r"[^.!?\n]{0,30}[.!:]?[ \t]*\n(?=\S)|"
    r"\b(?:reads?|goes|went|is|was) (?:as follows|like this)\b[.:!,]?\s+(?=\S)|"
    rf"(?<=\w )\b{_WRITING}\b[^.!?\n:]{{0,40}}:(?=\s*\S)|"
    rf"\b{_WRITING} (?:that )?(?:I|he|she|they|we|you) (?:found|got|saw|read|received|sent|copied)"
    r"\b[^.!?\n:]{0,40}:(?=\s*\S)|"
    r"\b(?:view|perspective|voice|eyes|shoes) of (?:an?|the|my)\b[^.!?\n:]{0,40}:(?=\s*\S)|"
    r"(?:^|[.!?] )\W*from (?:the|an?|my|some|this) (?:[a-z]+ )?(?:paper|news|web|internet|website"
    r"|magazine|book|newsletter|forum|blog)\b[^.!?\n:]{0,30}:(?=\s*\S)|"
    r"\b(?:is|was) (?:this|that|it) (?:an? )?(?:\w+ )?(?:scam|spam|legit|fake|phishing|hoax|fraud"
    r"|genuine)\b[^\n?]{0,30}\?\s+(?=(?:congrat\w*|dear|hello|hi|hey|good|greetings|attention"
    r"|urgent|your?|we|I am|I'm|my name)\b)|"
    r"(?:^|[.!?] )\W*(?:for (?:example|instance)|e\.g\.?|example)\s?[:,](?=\s*(?:my|I|I'm|we)\b)|"
    r"\b(?:option|version|variant) (?:A|1|one)\b ?[:.)]|"
    r"\b(?:which|what) (?:one )?(?:is|sounds|reads|looks) (?:better|best|right|correct|more \w+)"
    r"\b[^\n]{0,30}[?:]\s+(?=\W?(?:1|a)[).:] )|"
    r"\bQ\d?[:.)] (?=[^\n]{3,200}\bA\d?[:.)] )",
    re.IGNORECASE | re.MULTILINE,
)
_DASHED = re.compile(r"(?:^[ \t]*[\u2013\u2014] ?\S[^\n]*(?:\n|\Z)){2,}", re.MULTILINE)
_GOT = re.compile(
    r"\b[a-z]+'s (?:essay|letter|e-?mail|text|cv|r[ée]sum[ée]|bio|profile|message|diary|speech"
    r"|homework|story|poem|post|note|review|reply)\b[^.!?\n:]{0,40}:(?=\s*\S)|"
    r"\b(?:generator|template|placeholder|sample|dummy text)\b[^.!?\n:]{0,20}:(?=\s*\S)|"
    r"\b(?:below is|here(?:'s| is)|this is) (?:what|how) (?:he|she|they|\w+) "
    r"(?:sent|wrote|said|put|posted|has|answered)\b[^\n]{0,40}\n\s*\n(?=\S)|"
    r"\b(?:got|received|found|saw|read|copied|here(?:'s| is)|came across)\b (?:this|these"
    r"|it|that)\b[^.!?\n:]{0,60}:(?=\s*\S)|"
    r"\b(?:example|sample|test|complete (?:the|this)|finish (?:the|this)|fill in "
    r"the) ?(?:sentences?|blanks?)\b[^.!?\n:]{0,20}:(?=\s*\S)|"
    r"\b(?:write|continue|make up|invent|start|begin|tell)\b[^.!?\n:]{0,60}\b(?:story|tale"
    r"|scene|monologue|diary|novel|sketch|chapter)\b"
    r"[^.!?\n:]{0,40}:(?=\s*(?:once|my name|I am|I'm|I was|he|she|it was)\b)|"
    r"^\W*once upon a time\b",
    re.IGNORECASE | re.MULTILINE,
)
_HEADING = re.compile(
    r"^[ \t]*(?:curriculum vitae|cv|r[ée]sum[ée]|lebenslauf|personal statement|work "
    r"experience|professional summary|obituary|job advert"
    r"|for sale|press release|about the author|chorus|verse \d|minutes "
    r"of)\b[^\n.!?]{0,60}\n+(?=\S)",
    re.IGNORECASE | re.MULTILINE,
)
_FIELDS = re.compile(
    r"(?:^[ \t]*[-*]?[ \t]*[A-Z][\w /'()-]{1,32}:[ \t]*\S[^\n]{0,80}(?:\n|\Z)){3,}", re.MULTILINE
)
_LETTER = re.compile(
    r"^[ \t]*(?:hi|hello|dear|hey|good (?:morning|evening)|to "
    r"whom)\b[^\n]{0,40},?[ \t]*\n(?:.*\n){1,40}?[ \t]*(?:best|best wishes|(?:kind |best |warm "
    r")?regards"
    r"|cheers|love|sincerely|yours(?: \w+)?|thanks|many thanks"
    r"|xx?o?)\b[,!. ]*[^\n]{0,40}(?:\n[ \t]*[A-Z][\w. '-]{1,30})?[ \t]*\n[ \t]*\n+(?=\S)",
    re.IGNORECASE | re.MULTILINE,
)
_BACK = re.compile(
    r"\n\s*\n(?=(?:thanks|thank you|thx|cheers|btw|by the way|anyway|ps\b|p\.s\.|that'?s "
    r"(?:the|what|from|it))[^\n]*\Z)",
    re.IGNORECASE,
)


def without_blocks(text: str, mask: str) -> str:
    """Return ``text`` with the blocks of others replaced by ``mask``."""
    text = re.sub(r"\n[ \t\n]{3,}", "\n\n", text)  # so that no pattern runs over them again
    for start, end in sorted(_blocks(text), reverse=True):
        text = text[:start] + mask + text[end:]
    return text


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of blocks that do not overlap."""
    below = _ORDER_BELOW.search(text)
    if below:
        yield 0, below.start()
        return
    for pattern in (_ORDER, _GOT, _ANNOUNCED, _HEADING):
        cue = pattern.search(text)
        if cue:
            start = cue.start() if pattern is _HEADING else cue.end()
            back = _BACK.search(text, start)
            yield start, back.start() if back else len(text)
            return
    letter = _LETTER.search(text)
    if letter:
        yield letter.span()
        return
    for pattern in (_FIELDS, _DASHED):
        for lines in pattern.finditer(text):
            yield lines.span()
