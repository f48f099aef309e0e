"""Cuts a message into sentences, and spells out contractions so that patterns stay simple."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sleeping_plugin.extract.voice import (
    MASK,
    is_aloof,
    is_joke,
    is_real_again,
    is_staged,
    own_words,
    takes_back,
)

_ABBREVIATION = re.compile(
    r"\b(?i:mr|mrs|ms|dr|prof|engr|rev|sgt|capt|col|st|jr|sr|vs|approx|e\.g|i\.e|etc|ca|a\.m|"
    r"p\.m)\.$|(?<![\w'])[A-Z]\.$"
)
_END = re.compile(
    r"[.!?…]+[)\"']*(?=\s|$)|\n+|[\U0001f300-\U0001faff☀-➿]+|(?<=\s)[:;]-?[)(DPp/|](?=\s|$)"
)
_DATED = (
    r"(?:birthday|bday|wedding|appointment|op|operation|surgery|exam|test|interview|party|due "
    r"date|anniversary|flight|match|gig|concert|deadline|funeral|christening|graduation|scan)"
)
_MINE = (
    r"(?:wee|big|best|old|mam|mum|maw|dad|da|gran|granny|papa|wife|husband|man|brother|sister|"
    r"auntie|uncle|cousin|pal|mate|boss|dug|dog|cat|job|car|hoose|house|name|school|birthday)"
)
_CONTRACTIONS = tuple(
    (re.compile(pattern, re.IGNORECASE), full)
    for pattern, full in (
        (rf"\bma (?={_MINE}\b)", "my "),
        (r"\b(was|is|did|does|do|have|would|could|ca)nae\b", r"\1 not"),
        (r"\bhavn'?t\b", "have not"),
        (r"\bhav(?= )", "have"),
        (
            r"\b(learn|play|work|liv|driv|turn|study|mak|do|go|teach|cook|bak|danc|sing|mov|"
            r"train|runn|sell|build|paint)in'?(?= [a-z0-9])",
            r"\1ing",
        ),
        (rf"\b({_DATED})'?s (?=(?:on |in )?(?:the )?\d|(?:on |in )(?:the )?[a-z])", r"\1 is "),
        (
            rf"\b({_DATED})'?s (?=(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d)",
            r"\1 is ",
        ),
        (
            r"\b(was|am) ((?:[a-z]+ty-)?[a-z]+|\d+) years (?=an? [a-z])",
            r"\1 ",
        ),
        (r"\bain'?t\b", "am not"),
        (r"\bcan'?t\b|\bcannot\b", "can not"),
        (r"\bwon'?t\b", "will not"),
        (r"\b(do|does|did|is|are|was|were|have|has|had|would|could|should)n'?t\b", r"\1 not"),
        (r"\bhavnt\b", "have not"),
        (r"\bhav\b", "have"),
        (
            r"\b(s?he|it|they|you)d (?=(?:kill|be|have|love|hate|go|never|say|get|eat|die|do|want|"
            r"like|probably|only|faint|laugh|cry|murder|see|know|been|come)\b)",
            r"\1 would ",
        ),
        (
            r"\b(?<!-)m[ae] (?=(?:(?:wee|big|little|old|auld|best|younger|older) )?(?:brother|"
            r"sister|da|dad|mum|maw|mam|pal|mate|gran|nan|wife|man|son|daughter|boy|girl|lad|lass|"
            r"cousin|auntie|uncle|dog|cat|boss|neighbour|pa|ma)\b)",
            "my ",
        ),
        (r"\b(i)'?m\b", r"\1 am"),
        (r"\b(i|we|they|you)'?ve\b", r"\1 have"),
        (r"\b(you|we|they)'re\b|\b(they|you)re\b", r"\1\2 are"),
        (r"\b(i|we|he|she|they|it|you|that|who)'ll\b", r"\1 will"),
        (r"\b(i|we|he|she|they|you|who)'d (an?|the|got|been) ", r"\1 had \2 "),
        (r"\b(i|we|he|she|they|it|you|who)'d\b", r"\1 would"),
        (r"\b(\w+)'s (been|got|had|never|turned|moved|lived|worked|gone)\b", r"\1 has \2"),
        (r"\b(he|she|it|that|who|what|where|there|here|how|when|everyone|name)'s\b", r"\1 is"),
        (
            r"\b([\w-]+)'s (an?|the|called|named|known|nicknamed|in|at|on|from|out|over|down|up|"
            r"off|not|also|really|now|"
            r"living|working|studying|allergic|married|based|into|afraid|only|just|about|always|"
            r"turning|retired|still|my|our|both|\d[\w]*|"
            r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|"
            r"thirty|forty|"
            r"fifty|sixty|seventy|eighty|ninety)(?:-\w+)?(?=$|[,.;!?]| and\b| years)|like|vegan|"
            r"vegetarian|veggie|diabetic|pescatarian|coeliac|celiac|deaf|blind|divorced|widowed|"
            r"way|due|pregnant|obsessed|mad on|into|off to|"
            r"(?!wedding|building|painting|meeting|training|evening|morning|thing|king|ring|spring|"
            r"clothing|sibling|reading|writing|housing|heating|ceiling|opening|saying|"
            r"feeling|drawing)"
            r"[a-z]{2,}ing(?= [a-z])|so)\b(?! (?:birthday|name|age|job))",
            r"\1 is \2",
        ),
        (r"\bnames (?=\w+(?: btw| by the way| and|,|$|\.|!))", "name is "),
        (
            r"\b((?:my|our) \w+|mine)s (called|named|an?|from|the|not|always)\b(?! (?:me|us|you|"
            r"him|her|it|them|because|by|that|when|if)\b)",
            r"\1 is \2",
        ),
        (r"\bmine's\b", "mine is"),
        (
            r"\b(my|our) (sister|brother|mum|mom|mam|dad|wife|husband|girlfriend|boyfriend|gf|bf|"
            r"mate|"
            r"friend|son|daughter|nan|boss|neighbour|neighbor|cousin|aunt|uncle|partner|kid)s "
            r"(wedding|birthday|house|name|dog|cat|car|kids?|boyfriend|girlfriend|husband|wife|"
            r"friend|"
            r"place|party|phone|job|flat|school|son|daughter|mum|mom|dad|band|shop)\b",
            r"\1 \2's \3",
        ),
        (
            r" (?:since|for) (?:about |over |almost )?(?:\d+|[a-z]+) (?:long )?years?(?: "
            r"now)?(?= (?:the|a|an|my|in|at|as|with) )",
            "",
        ),
        (r",? it is (called|named) ", r" \1 "),
        (r"\bI not (?=(?:eat|drink|like|smoke|live|work|have|speak)\b)", "I do not "),
        (
            r", (?:I (?:should|must|might|may|have to) (?:add|say|admit|mention|confess)|by the "
            r"way|btw|"
            r"of course|believe it or not|mind you|as it happens|as I (?:said|mentioned)|you know|"
            r"naturally|incidentally|funnily enough|oddly enough),",
            ",",
        ),
        (
            r"\bI have (?:always |long |also |now |only ever |happily |just )?been (?!to\b|"
            r"there\b|here\b|thinking)",
            "I am ",
        ),
        (
            r"\b(we|they|you) have (?:always |long |also |now |both |happily )?been (?!to\b|"
            r"there\b|here\b)",
            r"\1 are ",
        ),
        (
            r"\bhas (?:always |long |also |now |only ever |happily )?been (?!to\b|there\b|here\b|"
            r"known)",
            "is ",
        ),
        (r"(?<=[,!.] )were (?=in [a-z]+$)", "we are "),
        (
            r"\b([Mm]y (?:name|birthday|bday|age|hometown|mother tongue|favou?rite \w+)) "
            r"(?=(?-i:[A-Z]|\d))(?!I\b)",
            r"\1 is ",
        ),
        (
            r"(?<!\bmy )(?<!\bour )(?<!\byour )(?<!\bhis )(?<!\bher )(?<!\bold )(?-i:\b(Mum|Mom|"
            r"Dad|Mam|Mammy|"
            r"Grandma|Grandpa|Granddad|Grandad|Granny|Gran|Nan|Nana|Daddy|Mummy)\b)(?! [A-Z])",
            r"my \1",
        ),
        (
            r"\bme (?=(?:dog|cat|mum|dad|wife|missus|mate|brother|sister|son|daughter|"
            r"nan|old man|kids?|"
            r"back|knee|shoulder|car|van|ute|truck|house|boss|neighbour|bike)\b)",
            "my ",
        ),
        (
            r"^((?-i:Wife|Husband|Missus|Hubby|Boy|Girl|Son|Daughter|Mum|Dad|Dog|Cat|"
            r"Boss))'s (?=[A-Z][a-z]+\b)",
            r"\1 is ",
        ),
        (r"\bits (?=(?:an?|my|the|called|been|\d+)\b)", "it is "),
        (r"\bgonna\b", "going to"),
        (r"\bwanna\b", "want to"),
        (r"\bgotta\b", "got to"),
        (r"\bu\b", "you"),
        (r"\br\b(?= (?:called|named|from|in)\b)", "are"),
        (r"(?<=[a-z0-9] )n(?= [a-z])", "and"),
        (r"\bw/ ?", "with "),
        (r"\bw (?=\w)", "with "),
        (r"\bmy hw\b", "my homework"),
        (r"\b(I (?:drive|have|own|play|ride)), [^,]{5,70}, (?=an? |the )", r"\1 "),
        (r"(?<=\w) & (?=\w)", " and "),
    )
)
_APOSTROPHE_LESS = {
    "hes": "he is",
    "shes": "she is",
    "thats": "that is",
    "whos": "who is",
    "whats": "what is",
    "theres": "there is",
    "heres": "here is",
}
_BARE = re.compile(r"\b(" + "|".join(_APOSTROPHE_LESS) + r")\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in the user's voice."""

    text: str  # contractions spelt out
    raw: str  # as written
    index: int  # within the message
    ends: str  # the mark it ends with: "?", ".", "" ...
    casual: bool  # the writer does not use capital letters


def sentences(message: str) -> list[Sentence]:
    """Return the sentences of a message that the user says in earnest, in their own voice."""
    raws = list(_split(own_words(message)))
    casual = _is_casual([raw for raw, _ in raws])
    kept: list[Sentence] = []
    staged = False
    for index, (raw, ends) in enumerate(raws):
        if takes_back(raw):
            kept = kept[:-1]
            continue
        staged = is_staged(raw) or (staged and not is_real_again(raw) and ends != "\n\n")
        if not (staged or is_aloof(raw) or is_joke(raw + ends)):
            kept.append(Sentence(expand(raw), raw, index, ends, casual))
    return kept


def expand(text: str) -> str:
    """Spell out contractions: "I'm" -> "I am", "my dog's called" -> "my dog is called"."""
    for pattern, full in _CONTRACTIONS:
        text = pattern.sub(full, text)
    return _BARE.sub(lambda match: _APOSTROPHE_LESS[match.group(1).lower()], text)


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Yield (sentence, mark that ends it)."""
    for piece in text.split(MASK):
        start = 0
        for end in _END.finditer(piece):
            before = piece[start : end.start() + 1]
            if end.group().startswith(".") and _ABBREVIATION.search(before):
                continue
            sentence = piece[start : end.start()].strip()
            if sentence:
                mark = end.group().strip()
                yield sentence, mark[-1:] if mark else "\n\n" if "\n\n" in end.group() else "\n"
            start = end.end()
        if piece[start:].strip():
            yield piece[start:].strip(), ""


def _is_casual(raws: list[str]) -> bool:
    """Tell whether most sentences start in lower case."""
    starts = [raw.lstrip("\"'(-* ")[:1] for raw in raws]
    letters = [start for start in starts if start.isalpha()]
    return bool(letters) and sum(letter.islower() for letter in letters) * 2 >= len(letters)
