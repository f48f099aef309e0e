"""Rules for work and learning: job, employer, school, subject."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.jobs import EVALUATIVE, is_occupation
from sleeping_plugin.extract.lexicon import LANGUAGES
from sleeping_plugin.extract.people import CAP, NAME, is_name, read_role
from sleeping_plugin.extract.rules.base import NOW, Found, Said, found, rule
from sleeping_plugin.relations.grammar import words

_FIELDS = words(
    """
    marketing sales finance banking insurance hr it logistics retail hospitality catering
    construction education healthcare advertising publishing pharma media tv film fashion security
    procurement accounting tech software consulting law politics agriculture forestry fishing
    engineering research recruitment customer public real social human cyber e-commerce shipping
    transport robotics aerospace telecoms gaming cybersecurity admin administration quality
    """
)
_PLACES_OF_WORK = words(
    """
    bakery hospital school shop store office factory bank library museum restaurant cafe café bar
    pub hotel kitchen laboratory lab warehouse clinic pharmacy garage workshop kindergarten nursery
    university college court theatre theater supermarket brewery salon surgery dispensary farm
    bookshop bookstore foundry mill mine quarry shipyard harbour harbor airport station depot
    prison embassy ministry startup start-up company firm agency studio gallery zoo gym hospice
    practice vineyard winery sawmill greenhouse butcher's florist's baker's call centre center
    department ward newsroom archive post council hall plant yard dairy cinema academy council railway railways police church brigade
    """
)
_SUBJECTS = words(
    """
    maths math mathematics physics chemistry biology geography history english german french
    spanish italian latin art music drama pe science sciences literature philosophy ethics religion
    economics politics computing programming informatics sociology psychology law medicine
    engineering architecture theology linguistics pottery yoga pilates dance ballet piano violin
    guitar swimming karate judo chess drawing painting cooking sewing ceramics first second third
    fourth fifth sixth primary kindergarten year grade reception preschool
    """
)


def _core(text: str) -> str:
    """Return the occupation at the start of ``text``, without praise and article."""
    phrase = values.first_item(values.cut(text))
    phrase = re.split(
        r"\s(?:at|for|in|with|from|near|by|on|who|down|here|over|working|based|living)\s", phrase
    )[0]
    phrase = _one_job(phrase)
    phrase = re.sub(r"\s+(?:in|at|by|here|there|now|myself|too)$", "", phrase)
    phrase = values.bare(phrase)
    return EVALUATIVE.sub("", phrase + " ").strip() if EVALUATIVE.match(phrase + " ") else phrase


def _one_job(phrase: str) -> str:
    """Drop "and strong as an ox", keep "singer and dancer"."""
    front, link, after = phrase.partition(" and ")
    return phrase if not link or is_occupation(values.bare(after)) else front


def _around(said: Said, text: str, job: str) -> Iterator[Found]:
    """Yield what stands after the job: "at Siemens", "for the council", "in Lyon", "from Leeds"."""
    at = text.find(job)
    rest = text[at + len(job) :] if at >= 0 else ""
    rest = re.split(r"[,;:.!?(]|\s[-–—]\s", rest)[0]
    for link, after in re.findall(
        r"(?:^|[\s,])(at|for|with|in|from|near)\s+(.*?)(?=\s(?:at|for|with|in|from|and|but)\s|,|$)",
        rest,
    ):
        link = link.lower()
        titled = re.search(rf"\b(?:called|named) (?P<v>{CAP}.*)", rest)
        if link == "at" and titled and after[:1].islower():
            yield found(said, "employer", values.title(titled.group("v")))
        elif link in ("at", "for", "with"):
            yield from _employer(said, after, strict=link != "at")
        elif link == "in":
            told, _ = values.place(after, casual=said.casual)
            if told:
                yield found(said, "work city", told, 0.85)
        elif link == "from":
            told, _ = values.place(after, casual=said.casual)
            if told:
                yield found(said, "hometown", told)


def _employer(said: Said, text: str, *, strict: bool) -> Iterator[Found]:
    """Yield the employer named at the start of ``text``."""
    front = re.split(
        r"\s(?:in|as|on|near|for|with|from|since|where|over|doing|and I|as)\s",
        values.first_item(values.cut(text)),
    )[0]
    front = front.strip()
    large = re.search(rf"(?-i:{CAP})", front)
    head = front.split()[-1].lower() if front else ""
    if not front or len(front.split()) > 6 or values.is_vague(front):
        return
    if re.match(
        r"(?:my|his|her|their|our|years?|\d+|home|night|nights|weekends?|the moment|least|all|myself|himself|herself|a living|free|money|fun|peanuts|nothing|hours|people|clients|customers|children|kids|animals|computers|him|her|them)\b",
        front,
        re.IGNORECASE,
    ):
        return
    if large or head in _PLACES_OF_WORK or (said.casual and not strict):
        value = re.sub(r"^(?:an?|some)\s+", "", front)
        yield found(said, "employer", value)


@rule(rf"(?:{NOW}|was|were) <adv>(?:an? |the |one of the )?(?P<rest>\S.*)")
def _is_job(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if not said.is_person:
        return
    rest = match.group("rest")
    past = re.match(r"(?:was|were)\b", said.text, re.IGNORECASE)
    front = said.text[: match.start("rest")]
    counted = re.search(r"\b(?:an?|the) $", front)
    trained = re.match(r"(?P<v>[\w' -]+?) by (?:trade|profession|training|day|occupation)\b", rest)
    if trained:
        yield found(said, "job", values.bare(trained.group("v")))
        return
    ended = re.match(
        r"(?P<v>retired|unemployed|self-employed|on disability|between jobs|on parental leave)(?P<after>.*)",
        rest,
        re.IGNORECASE,
    )
    if (
        ended
        and not counted
        and not re.match(
            r"\s+(?:[a-z]+)\b(?<!\bnow)(?<!\band)(?<!\bbut)(?<!\bfrom)", ended.group("after")
        )
    ):
        yield found(said, "job", ended.group("v"))
        return
    if re.match(r"(?:born|going|not|married|from|like|called|named)\b", rest):
        return
    job = _core(rest)
    if not job or not is_occupation(job):
        return
    plain = re.match(rf"{re.escape(job)}(?:$|,| and\b| in\b| at\b| for\b| from\b)", rest)
    bare_ok = (
        said.plural
        or said.casual
        or plain
        or re.match(r"(?:head|director|chief|vice|retired|co-owner|owner)\b", job, re.IGNORECASE)
    )
    if not counted and not bare_ok:
        return
    if said.plural and not job.endswith("s") and said.pronoun == "we":
        return
    if re.search(rf"\b{re.escape(job.split()[-1])}'s\b", rest):
        return
    if said.who is not None and re.match(
        r"(?:an? )?(?:decent|good|great|nice|wonderful|fantastic|excellent|terrible|awful|brilliant|horrible|bad|lovely|amazing|strict|better|real)\b",
        rest,
    ):
        return
    if past:
        if (
            re.search(r"\bwhen\b|\bas a (?:kid|child|boy|girl)\b", rest)
            or said.who is not None
            and not said.known
        ):
            return
        yield from _name_behind(said, rest, job)
        yield found(said, "former job", job, 0.85)
        for one in _around(said, rest, job):
            yield found(said, f"former {one.relation}", one.value, 0.85)
        return
    yield found(said, "job", job)
    yield from _name_behind(said, rest, job)
    yield from _around(said, rest, job)


def _name_behind(said: Said, rest: str, job: str) -> Iterator[Found]:
    """Read "my husband was a pianist, Ernesto"."""
    name = re.search(rf"{re.escape(job)}, (?P<v>{NAME})$", rest)
    if name and said.who is not None and not said.who.name and is_name(name.group("v").split()[0]):
        said.who.name = name.group("v")
        yield Found(said.who.label, "name", name.group("v"))


@rule(
    r"(?:(?:am|is|are) <adv>)?(?:working|work|works|worked|employed|(?:have|has) (?:been working|been employed|worked)|"
    r"make (?:a|my) living|makes (?:a|his|her) living|earn (?:my|a) living|earns (?:his|her|a) living|(?:have|has) (?:just |recently )?started(?: working)?|started(?: working)?|"
    r"serve|serves|(?:have|has) a job|got a (?:new )?job|(?:have|has) (?:just )?got a (?:new )?job|retrained|trained|qualified|moonlight)"
    r"(?P<rest>(?: (?!as\b|at\b|for\b|in\b|with\b|on\b)[\w']+){0,3} (?:as|at|for|in|with|on) .*)"
)
def _works(said: Said, match: re.Match[str]) -> Iterator[Found]:
    text = match.group("rest")
    verb = match.group()[: match.start("rest")].lower()
    past = re.match(r"(?:worked)$", verb.strip())
    if re.match(
        r" (?:as well|on (?:it|that|this|my|a|an|the)|hard|out|through|with (?:my hands|kids|children|people))\b",
        text,
    ):
        return
    job = re.search(r"(?:^|\s)(?:as|like(?= an?\b)) (?:an? |the )?(?P<v>.*)", text)
    if job:
        name = _core(job.group("v"))
        if name and not values.is_vague(name) and len(name.split()) <= 6:
            yield found(said, "former job" if past else "job", name)
            if not past:
                yield from _around(said, job.group("v"), name)
    place = re.search(
        r"(?:^|\s)(?P<p>at|for|with|in) (?P<v>.*)",
        text[: job.start()] if job and job.start() else text if not job else "",
    )
    if past and place and not job:
        for one in _employer(said, place.group("v"), strict=place.group("p") != "at"):
            yield found(said, "former employer", one.value, 0.85)
        return
    if place and not past:
        yield from _workplace(said, place.group("p").lower(), place.group("v"))


def _workplace(said: Said, link: str, text: str) -> Iterator[Found]:
    if link in ("at", "for", "with"):
        yield from _employer(said, text, strict=link != "at")
        inner = re.search(r"\sin (?P<v>.*)", values.first_item(values.cut(text)))
        told, _ = values.place(inner.group("v"), casual=False) if inner else ("", False)
        if told:
            yield found(said, "work city", told, 0.85)
        return
    phrase = values.first_item(values.cut(text))
    head = values.bare(phrase).split()
    core = re.split(r"\s(?:in|at|near|for|of)\s", phrase)[0]
    if not head:
        return
    if (
        head[0].lower() in _FIELDS
        and len(head) <= 4
        and head[0][0].islower()
        or head[0].upper() in ("IT", "HR", "PR")
    ):
        yield found(said, "field of work", re.split(r"\s(?:at|for|in|here)\s", phrase)[0])
    elif core.split()[-1].lower() in _PLACES_OF_WORK:
        yield found(said, "employer", re.sub(r"^(?:an?)\s+", "", core))
        inner = re.search(r"\s(?:in|near) (?P<v>.*)", phrase)
        told, _ = values.place(inner.group("v"), casual=False) if inner else ("", False)
        if told:
            yield found(said, "work city", told, 0.85)
    else:
        told, _ = values.place(phrase, casual=said.casual)
        later = re.search(r"\sin (?P<v>.*)", phrase)
        if not told and later:
            told, _ = values.place(later.group("v"), casual=False)
        if told:
            yield found(said, "work city", told)


@rule(
    r"(?:drive|drives|fly|flies|sail|sails|deliver|delivers|cook|cooks|clean|cleans|bake|bakes|ride|rides|code|codes|program|programs|design|designs|play|plays|write|writes|coach|coaches|teach|teaches|sing|sings) (?:[\w -]+? )?for (?P<rest>.*)"
)
def _works_for(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if re.match(r"(?:play|coach)", said.text, re.IGNORECASE):
        return
    front = values.first_item(values.cut(match.group("rest")))
    if re.match(rf"(?:the )?(?-i:{CAP})", front) and not read_role(front.lower()):
        yield from _employer(said, match.group("rest"), strict=True)


@rule(
    r"(?:drive|drives|fly|flies) (?P<v>(?:\w+ )?(?:trucks|lorries|buses|trams|trains|taxis|planes|helicopters|ambulances|cabs|forklifts|cranes|a (?:truck|bus|tram|train|taxi|lorry|cab|forklift|crane|delivery van|school bus|snowplough|night bus)))\b(?! to work)"
)
def _drives_for_a_living(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "drive", values.bare(match.group("v")))


@rule(r"(?:(?:am|is|are) <adv>)?(?:teach|teaches|teaching|taught|lecture|lectures) (?P<rest>.*)")
def _teaches(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest = match.group("rest")
    past = said.text.lower().startswith("taught")
    if re.match(r"(?:myself|himself|herself|how|me|you|us|him|her|them|my|that)\b", rest):
        return
    phrase = re.split(r"\s(?:at|in|to|on|for)\s", values.cut(re.sub(r"^(?:in|on) ", "", rest)))[0]
    taught = [
        item
        for item in values.items(phrase, 4)
        if set(item.lower().split()) & (_SUBJECTS | LANGUAGES) or not said.casual
    ]
    for item in taught[:3]:
        if (
            not re.search(
                r"\b(?:kids|children|people|students|pupils|teenagers|adults|lesson|class|classes|school)\b",
                item,
                re.IGNORECASE,
            )
            or set(item.lower().split()) & _SUBJECTS
        ):
            yield found(said, "old teaching subject" if past else "teach", item)
    at = re.search(r"\sat (?P<v>.*)", values.cut(rest))
    if at and re.search(CAP, at.group("v").split(" in ")[0]):
        yield from _employer(said, at.group("v"), strict=False)
    inner = re.search(r"\sin (?P<v>.*)", values.cut(rest))
    told, _ = values.place(inner.group("v"), casual=False) if inner else ("", False)
    if told:
        yield found(said, "work city", told, 0.85)


@rule(
    r"(?:(?:am|is|are) <adv>(?:at [\w' ]+?,? )?(?:studying|reading(?= (?:law|history|english|physics|maths|medicine|classics|philosophy|chemistry|biology|geography)\b)|majoring in|doing (?:a|my|his|her|their) (?:\w+ )?(?:phd|master'?s|bachelor'?s|degree|doctorate|ba|bsc|msc|ma) (?:in|on)|training (?:as|to be|to become) an?|an? (?P<year>[\w-]+ )?student of|learning to be an?)|"
    r"(?:have|has) (?:been studying)|study|studies|major in|majors in|majored in|specialise in|specialises in|(?:have|has)(?: got)? a (?:\w+ )?(?:degree|phd|doctorate|diploma|master'?s|bachelor'?s) in|(?:did|got) (?:a|my|his|her) (?:\w+ )?(?:degree|phd|doctorate|master'?s) in|studied|graduated in) (?P<rest>.*)"
)
def _studies(said: Said, match: re.Match[str]) -> Iterator[Found]:
    at = re.search(
        r"\bat (?P<at>(?:the )?[\w' ]+?)(?: in (?P<city>[\w ]+?))?,? (?:studying|doing)\b",
        said.text,
    )
    if at and not re.match(r"(?:home|the moment|night|least)\b", at.group("at")):
        yield found(said, "school", values.bare(values.cut(at.group("at"))))
        yield found(said, "study city", at.group("city") or "")
    verb, rest = match.group()[: match.start("rest")].lower(), match.group("rest")
    past = bool(re.match(r"studied|majored|graduated|did|got|(?:have|has) a", verb))
    if re.match(r"(?:at|in)\s", rest):
        yield from _school(said, rest, past=past)
        return
    training = re.search(r"training|learning to be", verb)
    phrase = re.split(
        r"\s(?:at|in|for|with|abroad|full-time|part-time|here|online|to)\s?",
        values.first_item(values.cut(rest)),
    )[0]
    phrase = re.sub(r"^the\s+", "", phrase)
    if (
        phrase
        and len(phrase.split()) <= 5
        and not values.is_vague(phrase)
        and not re.match(r"(?:hard|abroad|a lot|for|all|my|every|together|too|online|at)\b", phrase)
    ):
        if training:
            yield found(said, "future job", phrase)
        else:
            yield found(said, "degree" if past else "field of study", phrase)
    yield from _school(said, " " + rest, past=past)


def _school(said: Said, text: str, *, past: bool) -> Iterator[Found]:
    """Yield the school after "at" and the city after "in"."""
    text = values.cut(text)
    at = re.search(r"(?:^|\s)at (?P<v>.*)", text)
    if at:
        front = re.split(r"\s(?:in|on|for|near)\s", values.first_item(at.group("v")))[0]
        if re.search(CAP, front) or re.search(
            r"\b(?:university|college|school|conservatory|academy|conservatoire|institute)\b", front
        ):
            yield found(said, "alma mater" if past else "school", re.sub(r"^(?:an?)\s+", "", front))
    inner = re.search(r"(?:^|\s)in (?P<v>.*)", text)
    told, _ = values.place(inner.group("v"), casual=said.casual) if inner else ("", False)
    if told:
        yield found(said, "alma mater city" if past else "study city", told)


@rule(
    r"(?:(?:am|is|are) <adv>(?:now )?(?:at|in) (?:the |a |an |my )?(?P<place>(?:\w+ ){0,3}(?:university|uni|college|school|conservatory|conservatoire|academy|institute)(?: of [\w ]+?)?))(?:,| and| now|$| in| studying| where)(?P<rest>.*)"
)
def _at_school(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if re.search(CAP, match.group("place")):
        yield found(said, "school", match.group("place").strip())
    study = re.search(r"(?:studying|doing|reading) (?P<v>.*)", match.group("rest"))
    if study:
        phrase = re.split(
            r"\s(?:at|in|for|with)\s", values.first_item(values.cut(study.group("v")))
        )[0]
        yield found(said, "field of study", re.sub(r"^the\s+", "", phrase))
        inner = re.search(r"\sin (?P<v>.*)", study.group("v"))
        told, _ = values.place(inner.group("v"), casual=False) if inner else ("", False)
        if told:
            yield found(said, "study city", told)


@rule(r"(?:go|goes|went|attend|attends|attended|graduated from) (?:to )?(?P<rest>.*)")
def _goes_to_school(said: Said, match: re.Match[str]) -> Iterator[Found]:
    front = re.split(
        r"\s(?:in|on|for|near|with|by|every)\s", values.first_item(values.cut(match.group("rest")))
    )[0]
    if re.search(CAP, front) and re.search(
        r"\b(?:university|uni|college|school|academy|high|gymnasium|institute|conservatory|grammar|primary|elementary|eth|mit|ucl|lse|oxford|cambridge|harvard|yale|stanford)\b",
        front,
        re.IGNORECASE,
    ):
        past = re.match(r"went|attended|graduated", said.text, re.IGNORECASE)
        yield found(said, "alma mater" if past else "school", re.sub(r"^(?:an?|the)\s+", "", front))
    if match.group().lower().startswith("graduated from") and re.search(CAP, front):
        yield found(said, "alma mater", re.sub(r"^(?:the)\s+", "", front))


@rule(
    r"(?:run|runs|own|owns|manage|manages|(?:have|has)(?: got)?|opened|founded|started|lead|leads|head|heads|edit|edits|took over|inherited|(?:have|has) (?:just |recently )?opened|(?:am|is|are) (?:running|managing)) (?:an?|the|my own|our own|my|our|his own|her own|his|her|two|three) (?P<v>(?:[\w'é-]+ ){0,3}(?:shop|store|bakery|cafe|café|restaurant|business|company|firm|farm|hotel|studio|agency|bar|pub|salon|brewery|bookshop|bookstore|gallery|workshop|startup|start-up|garage|practice|vineyard|nursery|kindergarten|b&b|guesthouse|hostel|blog|podcast|channel|choir|team|department|lab|orchestra|youth club|food truck|stall|dairy|winery|school|clinic|bike shop|theatre|theater))\b(?! (?:at school|to))(?P<rest>.*)"
)
def _runs(said: Said, match: re.Match[str]) -> Iterator[Found]:
    value = match.group("v")
    if re.match(r"(?:have|has)", said.text, re.IGNORECASE) and re.search(
        r"\b(?:team|department|school|hotel|studio|good|great|favourite|favorite|new restaurant)\b",
        value,
    ):
        return
    yield found(said, "run", value)
    called = re.match(r",? (?:called|named) (?P<v>.*)", match.group("rest"))
    if called:
        title = values.title(called.group("v"))
        if title:
            label = value.split()[-1]
            yield Found(
                f"my {label}" if said.who is None else f"{said.subject}'s {label}", "name", title
            )
    titled = re.search(r"\b(?:called|named) (?P<v>.*)", match.group("rest"))
    if titled and not called and values.title(titled.group("v")):
        label = value.split()[-1]
        owner = f"my {label}" if said.who is None else f"{said.subject}'s {label}"
        yield Found(owner, "name", values.title(titled.group("v")))
    inner = re.match(r" in (?P<v>.*?)(?: called| named|$)", match.group("rest"))
    told, _ = values.place(inner.group("v"), casual=False) if inner else ("", False)
    if told:
        yield found(said, "work city", told, 0.85)


@rule(
    r"(?:volunteer|volunteers|(?:am|is) (?:volunteering|a volunteer)) (?:(?:\w+ ){0,3})?(?:at|for|with|in) (?P<rest>.*)"
)
def _volunteers(said: Said, match: re.Match[str]) -> Iterator[Found]:
    phrase = re.split(
        r"\s(?:in|on|every|near|for)\s", values.first_item(values.cut(match.group("rest")))
    )[0]
    if phrase and len(phrase.split()) <= 6:
        yield found(said, "volunteering", values.bare(phrase))


@rule(
    r"used to be (?:an? |the )?(?P<rest>.*)|(?:was|were) (?:formerly|previously|once) an? (?P<once>.*)"
)
def _used_to_be(said: Said, match: re.Match[str]) -> Iterator[Found]:
    job = _core(match.group("rest") or match.group("once"))
    if job and is_occupation(job):
        yield found(said, "former job", job)


@rule(r"(?P<v>[a-z]+(?: [\w'-]+){0,4}?) (?:for a living|for my living|to pay the (?:bills|rent))\b")
def _for_a_living(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if not re.match(r"(?:work|works|do|does|am|is|are|have|has)\b", match.group("v")):
        yield found(said, "livelihood", match.group("v"))


@rule(
    rf"{NOW} <adv>(?:working )?(?:at|with|for) (?:an? |the )?(?:[\w-]+ ){{0,3}}(?:startup|start-up|company|firm|agency|bank|shop|school|hospital|studio|charity|place) (?:called|named) (?P<v>.*)"
)
def _at_a_startup(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "employer", values.title(match.group("v")))


@rule(
    r"(?:share|shares|(?:am|is|are) sharing) (?:an?|my|our|the) (?:\w+ )?(?:flat|house|room|apartment|place|dorm|studio) with (?P<v>.*)"
)
def _shares(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.who is not None:
        return
    names, _ = values.names(match.group("v"), casual=False, several=True)
    for name in names:
        said.cast.meet("my flatmate", "person", name, "", said.here)
        yield Found("my flatmate", "name", name)


_WORKING = (
    r"(?:give lessons|make|restore|drive|bake|teach|cook|clean|serve|fix|repair|sell|build|paint|design|code|program|nurse|guard|deliver|"
    r"run|manage|tend|train|coach|lecture|preach|cater|wait tables|pour|brew|sew|weld|print|edit|farm|fish|fly|"
    r"freelance|moonlight|intern|volunteer|perform|act|dance|play|sing|operate|pilot|conduct|translate|tutor)"
)


@rule(rf"{_WORKING}(?:s|es)?\b(?P<rest>.*)")
def _works_somehow(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I bake at the Mill Street Bakery", "I freelance as an illustrator"."""
    rest = match.group("rest")
    job = re.search(r"\bas an? (?P<v>.*)", rest)
    if job and is_occupation(_core(job.group("v"))):
        yield found(said, "job", _core(job.group("v")))
    paid = not re.match(
        r"(?:play|sing|dance|run|fish|act|perform|paint|volunteer)", said.text, re.IGNORECASE
    )
    at = re.search(rf"\b(?:at|for) (?P<v>(?:the )?{CAP}.*)", rest)
    if at and paid:
        yield from _employer(said, at.group("v"), strict=True)
    inner = re.search(r"\bin (?P<v>.*)", rest)
    told, _ = values.place(inner.group("v"), casual=False) if inner else ("", False)
    if told and paid and not re.match(r"(?:drive|fly|run)\b.* to \b", said.text):
        yield found(said, "work city", told, 0.8)


@rule(
    r"(?:drive|drives|operate|operates|pilot|pilots|fly|flies) (?:the|an?) (?P<v>(?:(?:number |no\. ?)?\w+ )?(?:bus|tram|train|ferry|line|crane|locomotive|night bus))\b"
)
def _drives_line(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "drive", match.group("v"))


@rule(r"[a-z]+ (?:[\w' ]{0,30}? )?as (?:an? |the )?(?P<v>[a-z].*)")
def _as_job(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "makes an apprenticeship as carpenter"."""
    job = _core(match.group("v"))
    front = said.text[: match.start("v")]
    if is_occupation(job) and not re.search(
        r"\b(?:such|same|much|well|known|soon|far|long|as [a-z]+ as|treat\w*|see|saw|use[ds]?|want|need|dress\w*|just)\b",
        front,
    ):
        past = re.match(r"(?:worked|was|were|had|trained|started out|served)\b", said.text)
        yield found(said, "former job" if past else "job", job, 0.85)


@rule(
    r"(?:do|does) (?P<v>nails|hair|lashes|brows|makeup|make-up|scaffolding|plumbing|roofing|removals|taxes|it support|tech support|[a-z]+ing)\b(?: (?:in|at) (?P<where>.*))?"
)
def _does_for_living(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "she does nails in Beverley"."""
    if match.group("v").endswith("ing") and not match.group("where"):
        return
    yield found(said, "line of work", match.group("v"), 0.85)
    told, _ = values.place(match.group("where") or "", casual=said.casual)
    if told:
        yield found(said, "work city", told, 0.85)


@rule(rf"{NOW} <adv>(?:on|in) the (?P<v>[a-z]+(?: [a-z]+)?) at (?P<at>.*)")
def _on_the_counter(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I'm on the trade counter at Screwfix"."""
    title = values.title(match.group("at"))
    word = match.group("at").split()[0].strip(",.") if said.casual else ""
    if title or (word and not values.is_vague(word) and word not in ("the", "my", "this", "a")):
        yield found(said, "employer", title or word)
        yield found(said, "place at work", match.group("v"), 0.8)


@rule(
    rf"(?:start|starts|started|goes|go|enrolled|enrols) (?:school )?(?:at|to|in) (?P<v>(?-i:{CAP})(?: (?:of )?(?-i:{CAP}))*? (?:Elementary|Primary|Academy|High|School|College|Kindergarten|Nursery|University|Grammar|Middle School|High School))"
)
def _starts_school(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "school", match.group("v"))


@rule(
    r"(?:have|has)(?: got)? an? (?:\w+ )?(?:degree|phd|diploma|doctorate|master's) from (?:the )?(?P<at>[A-Z][\w ]+?)"
    r" in (?P<v>[a-z]+(?: [a-z]+)?)"
)
def _degree_from(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "degree", match.group("v"))
    yield found(said, "alma mater", match.group("at"))


@rule(
    rf"{NOW} <adv>in the (?P<v>army|navy|air force|marines|coast guard|raf|police|fire brigade|foreign legion)\b(?P<rest>.*)"
)
def _in_the_army(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "employer", match.group("v"))
    based = re.search(
        r"\b(?:stationed|based|posted) (?:at|in|to) (?P<v>[A-Z].*)", match.group("rest")
    )
    if based:
        yield found(said, "work city", values.place(based.group("v"), casual=False)[0])
