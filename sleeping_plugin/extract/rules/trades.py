"""Rules for earning a living in other words: running a bakery, driving the ferry, nails."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.people import CAP, read_role
from sleeping_plugin.extract.rules.base import NOW, Found, Said, found, rule
from sleeping_plugin.extract.rules.work import employer_in, job_in


@rule(
    r"(?:drive|drives|fly|flies|sail|sails|deliver|delivers|cook|cooks|clean|cleans|bake|bakes|"
    r"ride|rides|code|codes|program|programs|design|designs|play|plays|write|writes|coach|coaches|"
    r"teach|teaches|sing|sings) (?:[\w -]+? )?for (?P<rest>.*)"
)
def _works_for(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if re.match(r"(?:play|coach)", said.text, re.IGNORECASE):
        return
    front = values.first_item(values.cut(match.group("rest")))
    if re.match(rf"(?:the )?(?-i:{CAP})", front) and not read_role(front.lower()):
        yield from employer_in(said, match.group("rest"), strict=True)


@rule(
    r"(?:drive|drives|fly|flies) (?P<v>(?:\w+ )?(?:trucks|lorries|buses|trams|trains|taxis|planes|"
    r"helicopters|ambulances|cabs|forklifts|cranes|a (?:truck|bus|tram|train|taxi|lorry|cab|"
    r"forklift|crane|delivery van|school bus|snowplough|night bus)))\b(?! to work)"
)
def _drives_for_a_living(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "drive", values.bare(match.group("v")))


@rule(
    r"(?:run|runs|own|owns|manage|manages|(?:have|has)(?: got)?|opened|founded|started|lead|leads|"
    r"head|heads|edit|edits|took over|inherited|(?:have|has) (?:just |recently )?opened|(?:am|is|"
    r"are) (?:running|managing)) (?:an?|the|my own|our own|my|our|his own|her own|his|her|two|"
    r"three) (?P<v>(?:[\w'é-]+ ){0,3}(?:shop|store|bakery|cafe|café|restaurant|business|company|"
    r"firm|farm|hotel|studio|agency|bar|pub|salon|brewery|bookshop|bookstore|gallery|workshop|"
    r"startup|start-up|garage|practice|vineyard|nursery|kindergarten|b&b|guesthouse|hostel|blog|"
    r"podcast|channel|chippy|chip shop|post office|campsite|kiosk|surgery|launderette|choir|team|"
    r"department|lab|orchestra|youth club|food truck|stall|dairy|winery|school|clinic|bike shop|"
    r"theatre|theater))\b(?! (?:at school|to))(?P<rest>.*)"
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
    told, _ = values.place(inner.group("v"), casual=said.casual) if inner else ("", False)
    if told:
        yield found(said, "work city", told, 0.85)


@rule(
    r"(?:volunteer|volunteers|(?:am|is) (?:volunteering|a volunteer)) (?:(?:\w+ ){0,3})?(?:at|for|"
    r"with|in) (?P<rest>.*)"
)
def _volunteers(said: Said, match: re.Match[str]) -> Iterator[Found]:
    phrase = re.split(
        r"\s(?:in|on|every|near|for)\s", values.first_item(values.cut(match.group("rest")))
    )[0]
    if phrase and len(phrase.split()) <= 6:
        yield found(said, "volunteering", values.bare(phrase))


@rule(
    r"used to be (?:an? |the )?(?P<rest>.*)|(?:was|were) (?:formerly|previously|once) an? "
    r"(?P<once>.*)"
)
def _used_to_be(said: Said, match: re.Match[str]) -> Iterator[Found]:
    job = job_in(match.group("rest") or match.group("once"))
    if job and is_occupation(job):
        yield found(said, "former job", job)


@rule(r"(?P<v>[a-z]+(?: [\w'-]+){0,4}?) (?:for a living|for my living|to pay the (?:bills|rent))\b")
def _for_a_living(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if not re.match(r"(?:work|works|do|does|am|is|are|have|has)\b", match.group("v")):
        yield found(said, "livelihood", match.group("v"))


@rule(
    rf"{NOW} <adv>(?:working )?(?:at|with|for) (?:an? |the )?(?:[\w-]+ ){{0,3}}(?:startup|"
    r"start-up|company|firm|agency|bank|shop|school|hospital|studio|charity|place) (?:called|"
    r"named) (?P<v>.*)"
)
def _at_a_startup(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "employer", values.title(match.group("v")))


@rule(
    r"(?:share|shares|(?:am|is|are) sharing) (?:an?|my|our|the) (?:\w+ )?(?:flat|house|room|"
    r"apartment|place|dorm|studio) with (?P<v>.*)"
)
def _shares(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.who is not None:
        return
    names, _ = values.names(match.group("v"), casual=False, several=True)
    for name in names:
        said.cast.meet("my flatmate", "person", name, "", said.here)
        yield Found("my flatmate", "name", name)


_WORKING = (
    r"(?:give lessons|make|restore|drive|bake|teach|cook|clean|serve|fix|repair|sell|build|paint|"
    r"design|code|program|nurse|guard|deliver|"
    r"run|manage|tend|train|coach|lecture|preach|cater|wait tables|pour|brew|sew|weld|print|edit|"
    r"farm|fish|fly|"
    r"freelance|moonlight|intern|volunteer|perform|act|dance|play|sing|operate|pilot|conduct|"
    r"translate|tutor)"
)


@rule(rf"{_WORKING}(?:s|es)?\b(?P<rest>.*)")
def _works_somehow(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I bake at the Mill Street Bakery", "I freelance as an illustrator"."""
    rest = match.group("rest")
    job = re.search(r"\bas an? (?P<v>.*)", rest)
    if job and is_occupation(job_in(job.group("v"))):
        yield found(said, "job", job_in(job.group("v")))
    paid = not re.match(
        r"(?:play|sing|dance|run|fish|act|perform|paint|volunteer)", said.text, re.IGNORECASE
    )
    at = re.search(rf"\b(?:at|for) (?P<v>(?:the )?{CAP}.*)", rest)
    if at and paid:
        yield from employer_in(said, at.group("v"), strict=True)
    inner = re.search(r"\bin (?P<v>.*)", rest)
    told, _ = values.place(inner.group("v"), casual=said.casual) if inner else ("", False)
    if (
        told
        and paid
        and not said.text.startswith("make")
        and not re.match(r"(?:drive|fly|run)\b.* to \b", said.text)
    ):
        yield found(said, "work city", told, 0.8)


@rule(
    r"(?:drive|drives|operate|operates|pilot|pilots|fly|flies) (?:the|an?) (?P<v>(?:(?:number |"
    r"no\. ?)?\w+ )?(?:bus|tram|train|ferry|line|crane|locomotive|night bus))\b"
)
def _drives_line(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "drive", match.group("v"))


@rule(r"[a-z]+ (?:[\w' ]{0,30}? )?as (?:an? |the )?(?P<v>[a-z].*)")
def _as_job(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "makes an apprenticeship as carpenter"."""
    job = job_in(match.group("v"))
    front = said.text[: match.start("v")]
    if is_occupation(job) and not re.search(
        r"\b(?:such|same|much|well|known|soon|far|long|as [a-z]+ as|treat\w*|see|saw|use[ds]?|"
        r"want|need|dress\w*|just)\b",
        front,
    ):
        past = re.match(r"(?:worked|was|were|had|trained|started out|served)\b", said.text)
        yield found(said, "former job" if past else "job", job, 0.85)


@rule(
    r"(?:do|does) (?P<v>nails|hair|lashes|brows|makeup|make-up|scaffolding|plumbing|roofing|"
    r"removals|taxes|it support|tech support|[a-z]+ing)\b(?: (?:in|at) (?P<where>.*))?"
)
def _does_for_living(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "she does nails in Beverley"."""
    if match.group("v").endswith("ing") and not match.group("where"):
        return
    if not values.is_vague(match.group("v")):  # "I do evenings at the shop"
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
    rf"{NOW} <adv>in the (?P<v>army|navy|air force|marines|coast guard|raf|police|fire brigade|"
    r"foreign legion)\b(?P<rest>.*)"
)
def _in_the_army(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "employer", match.group("v"))
    based = re.search(
        r"\b(?:stationed|based|posted) (?:at|in|to) (?P<v>[A-Z].*)", match.group("rest")
    )
    if based:
        yield found(said, "work city", values.place(based.group("v"), casual=False)[0])


@rule(
    r"(?:do|does) (?P<v>(?!the\b|my\b|it\b|that\b|this\b|a\b|an\b|not\b|everything|anything|work\b|"
    r"things\b|stuff\b|well\b|so\b|love|like|have|live|what)[a-z]+(?: [a-z]+)?) (?:for|at) (?:an?|"
    r"the|my|[A-Z])"
)
def _does_for_firm(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I do payroll for a shipping firm"."""
    if not values.is_vague(match.group("v")):  # "I do evenings at the shop"
        yield found(said, "line of work", match.group("v"), 0.85)
