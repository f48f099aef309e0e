"""Rules for what somebody does for pleasure: music, sport, hobbies, languages, learning."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.lexicon import (
    ACTIVITIES,
    GAMES,
    INSTRUMENTS,
    LANGUAGES,
    SPORTS,
)
from sleeping_plugin.extract.people import CAP
from sleeping_plugin.extract.rules.base import NOW, Found, Said, found, rule
from sleeping_plugin.relations.grammar import words

_ING = r"(?:[a-z]+ )?[a-z]+ing\b"
_OBJECTS = words(
    """
    coffee tea beer wine whisky whiskey chocolate pizza sushi pasta curry cheese spicy cats dogs
    horses jazz opera techno metal reggae blues folk classical rock punk
    """
)
_PLAYED = words(
    """
    game games lottery fool role part song songs field piece music market card cards same first
    blame victim devil long lead clown hero villain ball match stock stocks
    """
)
_NOT_PLAYED = words(
    """
    dumb fair safe along around hard nice dead with outside inside together again music records
    songs catch house doctor pretend hooky truant favourites tricks video online here there
    something nothing whatever everything
    """
)
_NOT_HOBBY = words(
    """
    being having getting working going coming doing trying looking seeing hearing feeling talking
    chatting asking knowing living waking sleeping eating thinking using making saying telling
    spending waiting taking wasting staying sitting giving putting needing wanting keeping finding
    paying losing starting finishing helping teaching buying meeting
    """
)


@rule(
    r"(?:(?:am|is|are) <adv>(?:learning|practising|practicing|starting|learning to play|playing)|"
    r"play|plays|(?:have|has) (?:been playing|played|always played|taken up|been practising)|took "
    r"up|practise|practises|practice|practices|"
    r"(?:am|is|are) <adv>learning how to play|started (?:playing|learning)|picked up|(?:have|has) "
    r"(?:just |recently )?started (?:playing|learning)|study|studies|(?:am|is) (?:[\w "
    r",]+?)?studying) (?P<rest>.*)"
)
def _plays(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest, verb = match.group("rest"), match.group()[: match.start("rest")].lower()
    learns = "learn" in verb or "started" in verb
    team = re.match(rf"(?:[\w -]+? )?(?:for|with) (?P<v>(?:the )?(?-i:{CAP}).*)", rest)
    if "play" in verb and team and said.known:
        name = values.title(team.group("v"))
        if name and not re.match(r"(?:fun|money)", name):
            yield found(said, "own team", name)
    phrase = re.split(r"\s(?:in|at|on|for|with|against|since|from|to|online)\s", values.cut(rest))[
        0
    ]
    for item in values.items(phrase, 4):
        core = re.sub(
            r"^(?:the|a bit of|some|a little|an?|my|lead|electric|acoustic|bass|upright|grand|"
            r"alto|tenor|first|second|classical|jazz|tennis|competitive)\s+",
            "",
            item.lower(),
        )
        core = re.sub(r"^(?:the|alto|tenor|baritone|bass)\s+", "", core)
        words_in = set(core.split())
        said_as = re.sub(r"^(?:the|some|a bit of|a little|an?|my)\s+", "", item)
        if core in INSTRUMENTS or (core.split()[-1] in INSTRUMENTS and len(core.split()) <= 3):
            yield found(said, "instrument" if not learns or "play" in verb else "learning", said_as)
        elif "play" in verb and re.match(rf"the {core}\b", rest) and core not in _PLAYED:
            yield found(said, "instrument", said_as)
        elif (
            re.match(r"(?:play|plays|also play)\b", said.text)
            and re.fullmatch(r"[a-z]{4,}", item)
            and item not in _PLAYED | _NOT_PLAYED
            and not item.endswith("ly")
            and core not in SPORTS | GAMES
        ):
            yield found(said, "sport", item, 0.8)
        elif core in SPORTS or (words_in & SPORTS and len(core.split()) <= 3):
            yield found(said, "sport", said_as)
        elif (core in GAMES or (words_in & GAMES and len(core.split()) <= 3)) or (
            "play" in verb and item[:1].isupper() and len(item.split()) <= 4 and "study" not in verb
        ):
            yield found(said, "play", said_as)
        else:
            break


@rule(
    r"(?:(?:am|is|are) <adv>(?:learning|studying|teaching myself|trying to learn|taking "
    r"(?:lessons in|classes in)|picking up|doing)|(?:have|has) (?:just |recently )?(?:been "
    r"learning|started learning|started to learn|started|taken up)|started learning|started to "
    r"learn|took up|learn|learns|take|takes|(?:am|is) taking|attend|attends|trying to learn) "
    r"(?P<rest>.*)"
)
def _learns(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest = match.group("rest")
    lessons = re.match(
        r"(?P<v>[\w -]{2,25}?) (?:lessons|classes|courses?|evening class\w*)\b", rest
    )
    verb = match.group()[: match.start("rest")].lower().strip()
    if lessons and not re.match(
        r"(?:a|an|the|my|some|online|private|extra|these|few)$", lessons.group("v")
    ):
        yield found(
            said,
            "learning",
            re.sub(
                r"^(?:a|an|the|some|private|weekly|online|evening|beginners?'?) ",
                "",
                lessons.group("v"),
            ),
        )
        return
    if re.match(
        r"take|takes|attend|(?:am|is) taking|(?:am|is|are) .*doing|(?:have|has) .*started$", verb
    ):
        return
    how = re.match(
        r"(?:how )?to (?P<v>(?:play|knit|sew|swim|cook|bake|code|program|dance|ski|surf|sail|"
        r"paint|draw|ride|sing|fly|juggle|weld|crochet|weave|skate|fence|speak|sign|fish|climb|"
        r"dive|drum|drive)\b(?: (?!with|at|in|on|for|now)[\w-]+){0,2})",
        rest,
    )
    for item in (
        [how.group("v")]
        if how and "learn" in verb
        else values.items(
            re.split(r"\s(?:at|for|on|with|in|from|because|by)\s", values.cut(rest))[0], 3
        )
    ):
        lowered = item.lower()
        language = set(lowered.split()) & LANGUAGES
        if (
            language
            or lowered in INSTRUMENTS
            or "learn" in verb
            or "teach" in verb
            or lowered.split()[-1] in ACTIVITIES
        ):
            if re.match(
                r"(?:a lot|new|things|from|more|every|about|that|hard|fast|quickly|something|on)\b",
                lowered,
            ) or values.is_vague(item):
                break
            if re.match(r"took up|have|has", verb) and not language:
                yield found(said, "hobby", re.sub(r"^(?:the)\s+", "", item))
            elif "study" in verb and not language:
                break
            else:
                yield found(
                    said, "learning", re.sub(r"^(?:the|some|a bit of|a little)\s+", "", item)
                )


@rule(
    r"(?:speak|speaks|(?:am|is|are) <adv>(?:fluent|bilingual|trilingual|native) (?:in|speakers? "
    r"of)|know|knows|understand|read|reads|can speak|grew up speaking|grew up with|grew up "
    r"bilingual with|(?:am|is) a native) (?P<rest>.*)"
)
def _speaks(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest = re.sub(
        r"\b(?:fluent|fluently|good|decent|some|basic|a bit of|a little bit|little bit|a little|"
        r"well|broken|enough|native|perfect|only|both|mainly|also|pretty good|at home|with (?:my|"
        r"the|"
        r"our) \w+)\b",
        "",
        match.group("rest"),
    )
    for piece in re.split(r"\s*,\s*|\s+(?:and|&|or|plus|but|as well as)\s+", values.cut(rest)):
        language = re.match(
            r"\s*(?:swiss |brazilian |american |british )?(?P<v>[\w-]+)", piece, re.IGNORECASE
        )
        if language and language.group("v").lower() in LANGUAGES:
            kind = "native language" if "native" in match.group() else "language"
            yield found(said, kind, language.group().strip())


@rule(
    r"(?:love|loves|enjoy|enjoys|like|likes|adore|adores|(?:am|is|are) <adv>(?:into|keen on|fond "
    r"of|passionate about|crazy about|obsessed with|addicted to|mad about|hooked on|good at)|"
    r"go|goes|(?:have|has) (?:just |recently )?(?:started|taken up|got into|gotten into)|took up|"
    r"started|got into|do|does|practise|practises|practice|live for|lives for|(?:am|is) learning|"
    r"spend[s]? [\w' ]*?(?:time|weekends?|evenings?|sundays?|saturdays?|hours|days?|summers?)) "
    rf"(?:(?:going|doing|to go|in|on|to do) )?(?P<v>{_ING}(?P<rest>.*))"
)
def _likes_doing(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if re.match(r"(?:go|goes) (?:on|by|through|with|for)\b", said.text):
        return
    first = next(
        (w for w in re.findall(r"[a-z]+", match.group("v").lower()) if w.endswith("ing")), ""
    )
    if not match.group("v").lower().startswith(first) and not re.match(
        r"(?:go|goes)\b", said.text, re.IGNORECASE
    ):
        return
    if (
        first in _NOT_HOBBY
        or not first.endswith("ing")
        or first
        in (
            "thing",
            "king",
            "string",
            "spring",
            "something",
            "morning",
            "evening",
            "everything",
            "nothing",
            "anything",
            "during",
            "bring",
            "wedding",
            "ring",
        )
    ):
        return
    phrase = values.first_item(values.cut(match.group("v")))
    phrase = re.split(
        r"\s(?:with|at|in|on|after|around|for|every|near|along|here|by|to|down|up|together|when|"
        r"from|through|a lot|most|these)\s?(?=\b)",
        phrase,
    )[0]
    if said.text.lower().startswith(("go ", "goes ")) and re.match(
        r"(?:shopping|missing|crazy|bankrupt)", phrase
    ):
        return
    if 0 < len(phrase.split()) <= 4:
        yield found(said, "hobby", phrase)


@rule(
    r"(?:(?:love|loves|like|likes|adore|adores|enjoy|enjoys) (?:to )|spend[s]? [\w' ]*?(?:time|"
    r"weekends?|evenings?) (?:to )?)(?P<v>(?:knit|sew|paint|draw|cook|bake|hike|swim|dance|sing|"
    r"read|garden|fish|climb|sail|surf|ski|run|cycle|write|crochet|bike|travel|skate|camp|hunt|"
    r"row|box|fence|kayak|ride|play|collect|watch|build|grow)\b(?P<rest>.*))"
)
def _likes_to(said: Said, match: re.Match[str]) -> Iterator[Found]:
    phrase = values.first_item(values.cut(match.group("v")))
    phrase = re.split(r"\s(?:with|at|in|on|after|around|for|every|near|along|a lot)\s?", phrase)[0]
    if 0 < len(phrase.split()) <= 4 and not re.match(r"(?:watch|ride|build|grow|read)$", phrase):
        yield found(said, "hobby", phrase)


@rule(
    r"(?:do|does|practise|practises|practice|practices|train|trains|teach myself|(?:am|is|are) "
    r"<adv>(?:into|keen on|passionate about|crazy about|obsessed with|doing|mad about)|(?:have|"
    r"has) (?:been doing|done|taken up)|took up|love|loves|enjoy|enjoys|got into) (?P<rest>.*)"
)
def _does_activity(said: Said, match: re.Match[str]) -> Iterator[Found]:
    for item in values.items(
        re.split(r"\s(?:in|at|on|for|with|every|twice|since)\s", values.cut(match.group("rest")))[
            0
        ],
        3,
    ):
        lowered = item.lower()
        for word in lowered.split()[:1]:
            if word in ACTIVITIES and len(lowered.split()) > 1:
                item, lowered = item.split()[0], word
        if (
            lowered in ACTIVITIES
            or lowered in SPORTS
            or lowered in GAMES
            or lowered.split()[-1] in ACTIVITIES
        ):
            yield found(said, "hobby", item)
        else:
            break


@rule(
    r"(?:sing|sings|play|plays|dance|dances|perform|performs|(?:am|is|are) <adv>(?:a member of|"
    r"singing|in|part of|on)) (?:(?:alto|tenor|bass|soprano|baritone|first|second|\w+) )?(?:in|"
    r"with|for|at)? ?(?:an?|the|my|our|his|her|local) (?P<v>(?:[\w'-]+ ){0,4}(?:choir|band|"
    r"orchestra|quartet|trio|chorus|ensemble|club|troupe|theatre group|drama group|big band|"
    r"society|[\w-]+ team|squad|league|improv group))\b(?P<rest>.*)"
)
def _member(said: Said, match: re.Match[str]) -> Iterator[Found]:
    value = re.sub(r"^.*\b(?:in|with) (?:the|an?|my|our) ", "", match.group("v"))
    value = re.sub(r"^(?:the|a|an|my|our|local)\s+", "", value)
    if value.lower() in ("club", "band", "society", "league") and not match.group(
        "rest"
    ).startswith(" called"):
        return
    yield found(said, "group", value)
    part = re.match(
        r"(?:sing|sings) (alto|tenor|bass|soprano|baritone)\b", said.text, re.IGNORECASE
    )
    if part:
        yield found(said, "singing voice", part.group(1))
    called = re.match(
        r",? (?:called|named) (?P<v>.*)|, (?P<w>(?:the )?[A-Z][\w' ]+)$", match.group("rest")
    )
    title = values.title(called.group("v") or called.group("w")) if called else ""
    if called and not title and said.casual:
        title = values.short_phrase(called.group("v") or "", 3)
    if title:
        head = value.split()[-1]
        yield Found(f"my {head}" if said.who is None else f"{said.subject}'s {head}", "name", title)


@rule(
    r"(?:knit|knits|sew|sews|crochet|crochets|paint|paints|garden|gardens|fish|fishes|hunt|hunts|"
    r"draw|draws|climb|climbs|surf|surfs|ski|skis|fence|fences|row|rows|sail|sails|box|boxes|"
    r"dance|dances|juggle|juggles|swim|swims|hike|hikes|cycle|cycles|run|runs|skate|skates|jog|"
    r"jogs|box|sculpt|sculpts|carve|carves|weave|weaves|cook|cooks|bake|bakes|meditate|meditates|"
    r"spin|spins)(?P<rest>(?: \w+)?)(?P<when> (?:in (?:my|his|her|our|their) (?:free|spare) time|"
    r"at (?:the )?weekends?|on (?:mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|"
    r"weekends)|every \w+|a lot|as a hobby|for fun|once a week|twice a week|whenever .*|to relax|"
    r"in the evenings?|after work))"
)
def _does_often(said: Said, match: re.Match[str]) -> Iterator[Found]:
    phrase = (said.text.split()[0] + match.group("rest")).strip()
    yield found(said, "hobby", phrase, 0.85)


@rule(
    r"(?P<v>ski|surf|swim|sail|fence|skate|knit|crochet|sew|quilt|embroider|juggle|kayak|sculpt|"
    r"garden|hike|"
    r"snowboard|skateboard|kitesurf|windsurf|paraglide|boulder|weave|whittle|busk|birdwatch|"
    r"fish(?=es$|es,))(?:s|es)?\b(?P<rest>.*)"
)
def _does_habitually(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "in winter I ski in Shymbulak": these verbs in the present are habits."""
    if not re.match(
        r"\s+(?:for|as|the|this|that|it|through|into|over|up|out|off|around|on my|for you)\b",
        match.group("rest"),
    ):
        verb = said.text.split()[0]
        rest = " " + values.cut(match.group("rest"))
        more = re.match(
            r" (?:(?:in|on|with) )?(?:the )?[A-Za-z-]+(?: [a-z-]+)?(?=$|,| in\b| on\b| for\b)", rest
        )
        yield found(said, "hobby", values.cut(verb + (more.group() if more else "")), 0.8)


@rule(
    r"(?:do|does) (?:a lot of |some )?(?P<v>(?:[A-Za-z]+ )?[a-z]{3,}ing)\b(?! (?:to|for|in|at)\b)"
)
def _does_dancing(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "Cara does Irish dancing"."""
    word = match.group("v").split()[-1]
    if word not in _NOT_HOBBY and not re.match(
        r"(?:no|some|any|every)?thing|the|my|a|it", match.group("v")
    ):
        yield found(said, "hobby", match.group("v"))


@rule(
    r"(?:run|runs|swim|swims|ride|rides|do|does) (?P<v>(?:half |ultra |open )?(?:marathons|ultras|"
    r"triathlons|races|10ks|5ks|parkruns?|fell races|time trials))\b"
)
def _races(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "hobby", match.group("v"))


@rule(
    r"(?:am|is|are) <adv>(?:mad|crazy|nuts|keen|big|hooked|obsessed|sold|into|gone) "
    r"(?:on|about|for|with|in) (?P<v>.*)|(?:am|is|are) <adv>(?:big )?into (?P<w>.*)"
)
def _mad_on(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "Alfie is mad on BMX"."""
    for item in values.items(match.group("v") or match.group("w") or "", 4):
        if not re.match(r"(?:my|his|her|their|it|you|me|him|this|that|the)\b", item):
            yield found(said, "hobby", item, 0.85)


@rule(
    r"(?:am|is) <adv>(?:in|part of|a member of|chair of|secretary of|treasurer of) (?:the |an? )?"
    r"(?P<v>(?-i:[A-Z]{2,5})\b|(?:[\w'-]+ ){0,4}(?:club|choir|band|team|society|"
    r"orchestra|association|union|"
    r"guild|group|league|quartet|troupe|squad|brigade|network|committee|scouts|guides|rotary))\b"
)
def _member_of(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I'm in the WI", "he is in the school orchestra"."""
    if match.group("v").upper() not in ("UK", "US", "USA", "EU", "IT", "HR", "PR", "A", "I", "UN"):
        yield found(said, "group", match.group("v"), 0.85)


@rule(
    r"(?:go|goes|belong|belongs) to (?:the|an?|my|his|her) (?P<v>(?:[\w'-]+ "
    r"){1,3}(?:circle|club|class|group|choir|"
    r"meetings?|band|society|lessons|classes|workshop|congregation|guild))\b"
)
def _goes_to_circle(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "Thursdays I go to the quilting circle"."""
    yield found(said, "group", match.group("v"), 0.85)


@rule(rf"{NOW} <adv>on (?:the )?(?P<v>{'|'.join(sorted(INSTRUMENTS, key=len, reverse=True))})\b")
def _on_tuba(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "instrument", match.group("v"))


@rule(
    r"(?:prefer|prefers) (?P<v>[\w' -]{3,40}?) (?:to|over) (?:anything|everything|all|"
    r"any|[a-z]+)"
)
def _prefers(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if not values.is_vague(match.group("v")) and len(match.group("v").split()) <= 4:
        yield found(said, "likes", values.bare(match.group("v")), 0.8)


@rule(
    r"(?:(?:am|is|was|were|are|have been|has been) <adv>)(?:born )?an? (?:(?:big|huge|"
    r"lifelong|massive|"
    r"proud|long-suffering|die-hard|season-ticket) )*(?P<v>[A-Za-z][\w' ]{1,25}?) "
    r"(?:fan|supporter|man|season ticket holder)(?= (?:since|for|all|from|till|until|as)\b|$|,)"
)
def _fan_since(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "been a jets fan since I was four"."""
    team = match.group("v").strip()
    told = re.search(r"\bfan|supporter|holder", match.group()) and not values.is_vague(team)
    if told and not re.match(r"(?:big|huge|real|true|great|not|no|much|such)\b", team):
        yield found(said, "team", team, 0.8)
