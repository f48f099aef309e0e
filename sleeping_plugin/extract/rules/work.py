"""Rules for work and learning: job, employer, school, subject."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.jobs import EVALUATIVE, is_occupation
from sleeping_plugin.extract.people import CAP, NAME, is_name
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
    department ward newsroom archive post council hall plant yard dairy cinema academy railway
    railways police church brigade
    """
)


def job_in(text: str) -> str:
    """Return the occupation at the start of ``text``, without praise and article."""
    phrase = values.first_item(values.cut(text))
    phrase = re.split(
        r"\s(?:at|for|in|with|from|near|by|on|who|down|here|over|working|based|living)\s", phrase
    )[0]
    phrase = _one_job(phrase)
    phrase = re.sub(
        r"\s+(?:in|at|by|here|there|now|myself|too|up|over|out|back|away|and|but|or)$", "", phrase
    )
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
    rest = re.split(r"[,;:.!?(]|\s[-\u2013\u2014]\s", rest)[0]
    for link, after in re.findall(
        r"(?:^|[\s,])(at|for|with|in|from|near)\s+(.*?)(?=\s(?:at|for|with|in|from|and|but)\s|,|$)",
        rest,
    ):
        link = link.lower()
        titled = re.search(rf"\b(?:called|named) (?P<v>{CAP}.*)", rest)
        if link == "at" and titled and after[:1].islower():
            yield found(said, "employer", values.title(titled.group("v")))
        elif link == "at" and re.search(
            r"\b(?:student|pupil|sophomore|freshman|undergrad|junior)$", job
        ):
            yield found(said, "school", values.bare(values.first_item(values.cut(after))))
        elif link in ("at", "for", "with"):
            yield from employer_in(said, after, strict=link != "at")
        elif link == "in":
            told, _ = values.place(after, casual=said.casual)
            home = re.search(r"\b(?:living|based) in\b", rest)
            if told:
                yield found(said, "home city" if home else "work city", told, 0.85)
        elif link == "from":
            told, _ = values.place(after, casual=said.casual)
            if told:
                yield found(said, "hometown", told)


def employer_in(said: Said, text: str, *, strict: bool) -> Iterator[Found]:
    """Yield the employer named at the start of ``text``."""
    front = re.split(
        r"\s(?:in|as|on|near|for|with|from|since|where|over|doing|and (?:I|will|is|has|was)|as)\s",
        values.first_item(values.cut(text)),
    )[0]
    front = re.sub(r"\s(?:here|there|now|again|back|over|up|down|out)$", "", front.strip())
    large = re.search(rf"(?-i:{CAP})", front)
    head = front.split()[-1].lower() if front else ""
    if not front or len(front.split()) > 6 or values.is_vague(front):
        return
    if re.match(
        r"(?:my|his|her|their|our|years?|\d+|home|night|nights|weekends?|the moment|least|all|"
        r"myself|himself|herself|a living|free|money|fun|peanuts|nothing|hours|people|clients|"
        r"customers|children|kids|animals|computers|him|her|them)\b",
        front,
        re.IGNORECASE,
    ):
        return
    site = re.fullmatch(r"the (?:[a-z-]+ ){0,2}[a-z-]+", front) and not strict
    site = site and not re.search(
        r"\b(?:weekends?|moment|time|front|back|top|bottom|same|end)\b", front
    )
    if large or site or head in _PLACES_OF_WORK or (said.casual and not strict):
        value = re.sub(r"^(?:an?|some)\s+", "", front)
        if re.fullmatch(r"(?:an?|some) [a-z]+", front) and head in _PLACES_OF_WORK:
            return  # "I work in a school": which?
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
        r"(?P<v>retired|unemployed|self-employed|on disability|between jobs|on parental "
        r"leave)(?P<after>.*)",
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
    aged = re.match(rf"(?P<v>{values.NUMBER})[- ]year[- ]old (?P<rest>.*)", rest)
    if aged:
        yield found(said, "age", aged.group("v"))
        rest = aged.group("rest")
    job = job_in(rest)
    if not job or not is_occupation(job):
        return
    plain = re.match(rf"{re.escape(job)}(?:$|,| and\b| in\b| at\b| for\b| from\b| on\b)", rest)
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
        r"(?:an? )?(?:decent|good|great|nice|wonderful|fantastic|excellent|terrible|awful|"
        r"brilliant|horrible|bad|lovely|amazing|strict|better|real)\b",
        rest,
    ):
        return
    if past:
        if re.search(r"\bwhen\b|\bas a (?:kid|child|boy|girl)\b", rest) or (
            said.who is not None and not said.known
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
    r"(?:do|does) (?P<v>(?-i:[A-Z]{2,6})|(?!the\b|my\b|it\b|that\b|this\b|an?\b|not\b|"
    r"well\b)[a-z]+(?: [a-z]+)?) "
    r"(?:(?:down|over|up|out|back) )?(?:in|around|near) (?P<where>(?-i:[A-Z]).*)"
)
def _does_in_town(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I do HVAC down in Tampa"."""
    told, _ = values.place(match.group("where"), casual=False)
    if told and said.is_person:
        yield found(said, "line of work", match.group("v"), 0.85)
        yield found(said, "work city", told, 0.85)


@rule(
    r"(?:was|were) (?:\w+ )?in the (?P<v>(?-i:[A-Z])\w+(?: (?-i:[A-Z])\w+)?)(?=$|[,.]| "
    r"for\b| until\b| then\b| before\b)"
)
def _was_in_the_signals(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "before that I was in the Signals"."""
    if said.is_person and is_name(match.group("v").split()[0]):
        yield found(said, "former employer", match.group("v"), 0.8)


@rule(r"(?:am|is|are) (?:still|now|back) at (?P<v>the [a-z]+(?: [a-z]+)?)(?=$|,| \w+ days\b)")
def _still_at(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I'm still at the tax office, three days a week"."""
    if set(match.group("v").split()) & _PLACES_OF_WORK:
        yield found(said, "employer", match.group("v"), 0.85)


@rule(r"(?:retired|have retired|has retired) from (?P<v>.*)")
def _retired_from(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "papa retired from the railways"."""
    rest = values.first_item(values.cut(match.group("v")))
    front = re.split(r"\s(?:in|at|on|after|last|a|two|some)\s", rest)[0]
    if front and len(front.split()) <= 4 and not values.is_vague(front):
        yield found(said, "former employer", values.bare(front), 0.85)


@rule(r"(?:became|(?:have|has) become|qualified as|trained as|retrained as) (?P<v>an? .*|[a-z].*)")
def _became(said: Said, match: re.Match[str]) -> Iterator[Found]:
    job = job_in(match.group("v"))
    if said.is_person and is_occupation(job):
        yield found(said, "job", job, 0.85)
        yield from _around(said, match.group("v"), job)


@rule(
    r"(?:(?:am|is|are) <adv>)?(?:working|work|works|worked|employed|(?:have|has) (?:been working|"
    r"been employed|worked)|"
    r"make (?:a|my) living|makes (?:a|his|her) living|earn (?:my|a) living|earns (?:his|her|a) "
    r"living|(?:have|has) (?:just |recently )?started(?: working)?|started(?: working)?|"
    r"serve|serves|(?:have|has) a job|got a (?:new )?job|(?:have|has) (?:just )?got a (?:new "
    r")?job|retrained|trained|qualified|moonlight)"
    r"(?P<rest>(?: (?!as\b|at\b|for\b|in\b|with\b|on\b)[\w']+){0,3} (?:as|at|for|in|with|on) .*)"
)
def _works(said: Said, match: re.Match[str]) -> Iterator[Found]:
    text = match.group("rest")
    if re.search(r", (?:doing|studying|reading) ", text):
        return
    verb = match.group()[: match.start("rest")].lower()
    past = re.match(r"(?:worked)$", verb.strip())
    if re.match(
        r" (?:as well|on (?:it|that|this|my|a|an|the)|hard|out|through|with (?:my hands|kids|"
        r"children|people))\b",
        text,
    ):
        return
    job = re.search(r"(?:^|\s)(?:as|like(?= an?\b)) (?:an? |the )?(?P<v>.*)", text)
    if job:
        name = job_in(job.group("v"))
        if name and not values.is_vague(name) and len(name.split()) <= 6:
            yield found(said, "former job" if past else "job", name)
            if not past:
                yield from _around(said, job.group("v"), name)
    place = re.search(
        r"(?:^|\s)(?P<p>at|for|with|in) (?P<v>.*)",
        text[: job.start()] if job and job.start() else text if not job else "",
    )
    if past and place and not job:
        for one in employer_in(said, place.group("v"), strict=place.group("p") != "at"):
            yield found(said, "former employer", one.value, 0.85)
        return
    if place and not past:
        yield from _workplace(said, place.group("p").lower(), place.group("v"))


def _workplace(said: Said, link: str, text: str) -> Iterator[Found]:
    if link in ("at", "for", "with"):
        yield from employer_in(said, text, strict=link != "at")
        inner = re.search(r"\sin (?P<v>.*)", values.first_item(values.cut(text))) or re.search(
            rf", in (?P<v>(?-i:{CAP}).*)", text
        )
        told, _ = values.place(inner.group("v"), casual=False) if inner else ("", False)
        if told:
            yield found(said, "work city", told, 0.85)
        return
    phrase = values.first_item(values.cut(text))
    head = values.bare(phrase).split()
    core = re.split(r"\s(?:in|at|near|for|of)\s", phrase)[0]
    if not head:
        return
    if (head[0].lower() in _FIELDS and len(head) <= 4 and head[0][0].islower()) or head[
        0
    ].upper() in ("IT", "HR", "PR"):
        yield found(said, "field of work", re.split(r"\s(?:at|for|in|here)\s", phrase)[0])
    elif core.split()[-1].lower() in _PLACES_OF_WORK:
        if not re.fullmatch(r"an? [a-z]+", core):  # "I work in a school": which?
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
