"""Completes what is said in fragments: answers to questions, dropped subjects.

"Live in Leeds" is "I live in Leeds"; "Favourite colour? Teal." is "my favourite colour is Teal";
"Tom" after "What is your name?" is "my name is Tom". The words of the value stay the user's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sleeping_plugin.extract import values
from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.ordinary import is_ordinary, may_be_place
from sleeping_plugin.extract.people import NAME, NAME_RE, Cast, is_name, read_role
from sleeping_plugin.extract.replies import as_statement, who_is_who
from sleeping_plugin.extract.sentences import Sentence, expand
from sleeping_plugin.extract.voice import plain
from sleeping_plugin.relations.grammar import words
from sleeping_plugin.relations.verbs import lemma

_FILLER = (
    r"^(?:(?:and|also|so|well|ok|okay|anyway|oh|yes|yeah|yep|ha|no|nope|nah|hm+|originally|"
    r"currently|now|"
    r"still|just|happily|actually|already|been|btw|ps|plus|but|hi|hello|hey)\b[,:]? ?)*"
)
_VERBS = re.compile(
    _FILLER + r"(?P<v>(?:live|lived|work|reside) (?:in|at|for|as|near|on|with)\b|"
    r"moved (?:to|here|from|back|over)\b|"
    r"grew up |(?:got|have|own|adopted|rescued) (?:an?|two|three|four|five|one|my|no) |"
    r"used to (?:be|live|work)\b|play (?:the |for |in |(?:[a-z]+ )?(?:guitar|drums|piano|bass|"
    r"violin|cello|keys|trumpet)\b)|drive an? |love [a-z]+ing|hate [a-z]+ing|"
    r"speak (?:[A-Z]|fluent)|studied |calls? (?:her|him|it) (?=[A-Z])|"
    r"do (?:nights|days|evenings|mornings|weekends|shifts|lates|earlies) (?:at|for|in) |turned "
    r"\d|collect |can not (?:eat|stand|have|do)|do not "
    r"(?:eat|drink|like))",
)
_STATES = re.compile(
    _FILLER
    + r"(?P<v>(?:married|engaged) (?:to|with) |born (?:in|on|and raised)|raised in |based in |"
    r"allergic to |studying |(?:working|living) (?:in|at|for|as|near|on)|teaching |learning |"
    r"retired\b|"
    r"moving (?:to|into|out of|in with|back to) |scared of |terrified of |afraid of |turning \d|"
    r"vegetarian\b|vegan\b|(?:type (?:1|2|one|two) )?diabetic\b|coeliac\b|celiac\b|"
    r"asthmatic\b|due (?:in|on) |"
    r"on (?:blood thinners|insulin|statins|metformin|warfarin)\b|from (?=[A-Z])|"
    r"lactose intolerant|left-handed|mother of|father of|mum "
    r"of|"
    r"dad of|(?:an? )?(?:proud )?(?:mother|father|mum|mom|dad|parent) (?:of|to) )",
)
# "been driving buses 11 years": what somebody is or does, without "I have"
_BEEN = re.compile(
    r"^(?:(?:and|also|so|well|yeah|yep|yes|oh|just|i) )*been (?=(?:an? |in |with |at )?\w)"
    r"(?!an? (?:while|day|week|long|rough|busy|bit|nightmare|year|time|minute|pain|mess)|in "
    r"(?:a|the|"
    r"bed|pain|touch|here|there)\b|at it\b|(?:thinking|trying|feeling|having|getting|looking|"
    r"wondering|meaning|waiting|wanting|told|there|through|hearing|seeing|asked|here|so|up|off|out|"
    r"on|too|very|really|busy|[a-z]+ed|to|done|like)\b)",
    re.IGNORECASE,
)
_NOUN_IS = re.compile(
    _FILLER
    + r"(?P<v>(?:(?:favou?rite|fave|fav) [\w -]{2,25}?|wife|husband|partner|boyfriend|girlfriend|"
    r"gf|bf|"
    r"therapist|boss|manager|landlord|doctor|dentist|flatmate|roommate|son|daughter|brother|sister|"
    r"mother|father|best (?:friend|mate)|dog|cat|star sign|shoe size|birthday|bday|hometown|job|"
    r"hobby|hobbies|"
    r"van|car|truck|bike|tractor|day job|mother tongue|native language|middle name|"
    r"surname|last name|blood type|nickname|"
    r"age) (?:is|are|works|lives) )",
    re.IGNORECASE,
)
# "Joined in January": past forms that are no participles of something else
_DONE = re.compile(
    _FILLER + r"(?P<v>[A-Za-z]+(?:ed|ew|old|ought|an|ent|ook|on|eft|ot))(?= (?:in|at|on|with|"
    r"to|as|my|"
    r"the|a|an|from|here|it|for|out|over|up|\d))\b(?!.*\b(?:his|her)\b)",
    re.IGNORECASE,
)
_STATE_WORDS = words(
    """
    named called built made born based used located married retired allergic engaged raised thought
    bet read put let hit cut need set found aged divorced widowed said told sent tired bored
    addicted interested excited worried supposed stationed employed trained qualified belonged
    printed written done gone seen known loved hated wanted needed asked looked
    """
)
_LABELLED = re.compile(
    r"(?:(?:also|and|oh|ok),? )?(?:my )?(?P<np>(?:favou?rite|fav|fave) [\w -]{2,20}|name|age|job|"
    r"occupation|profession|"
    r"hometown|city|home|star sign|shoe size|birthday|hobbies|hobby|allergies|allergy|"
    r"languages?): (?P<v>[^:]+)$",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(
    r"\b(?:I|we) (?:am|are|do|have) not (?:live |living |from |based |in |at |never lived )+",
    re.IGNORECASE,
)
_ASKED_NP = re.compile(
    r"^(?:(?:and|oh|so|my|the|your)\b,? )*(?P<np>(?:favou?rite|fave|fav)(?: [\w-]+){1,3}|name|job|"
    r"age|"
    r"hometown|birthday|hobby|hobbies|star sign|shoe size|allergies|occupation|profession)$",
    re.IGNORECASE,
)
_ASSISTANT_ASKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), template)
    for pattern, template in (
        (
            r"\bwhat(?:'s| is) your (?:first )?name\b|\bwho (?:am i|do i have the pleasure of) "
            r"(?:talking|speaking)|"
            r"\bwhat (?:should|shall|can|may|do) i call you\b|\byour name\?",
            "my name is {r}",
        ),
        (
            r"\bwhere (?:do you live|are you (?:based|living|located))\b|\bwhich (?:city|town|"
            r"country) do you live\b|"
            r"\bwhat (?:city|town) (?:do you live|are you)\b",
            "I live in {r}",
        ),
        (
            r"\bwhere (?:are|do) you (?:come )?(?:originally )?from\b|\bwhere did you grow up\b",
            "I am from {r}",
        ),
        (
            r"\bwhat do you do(?: for (?:a living|work)|\?)|\bwhat(?:'s| is) your (?:job|"
            r"profession|occupation)\b|"
            r"\bwhat (?:kind|line) of work\b",
            "I am {r}",
        ),
        (
            r"\bhow old are you\b|\b(?:you are|are you) (?:now )?(?:\d+|\w+teen|\w+ty)(?: years "
            r"old)?\?",
            "I am {r}",
        ),
        (r"\byou (?:come|came|are|must be|must come)(?: originally)? from\b", "I am from {r}"),
        (r"\byou (?:live|are based|must live|must be based) in\b", "I live in {r}"),
        (
            r"\bwhich (?:brewery|company|firm|school|hospital|bank|shop|bakery|restaurant|studio|"
            r"farm|clinic)\b",
            "I work at {r}",
        ),
        (r"\bhow many (?P<who>[a-z]+) do you have\b", "I have {r} {who}"),
        (
            r"\bwhere (?:does|do|is) (?P<who>your [\w -]+?|he|she) (?:live|living|based)\b",
            "{who} lives in {r}",
        ),
        (r"\bhow old is (?P<who>he|she|it|your [\w -]+?)\b(?=\?)", "{who} is {r}"),
        (
            r"\bwhat(?:'s| is| are) (?P<who>his|her|its|their|(?:your|the) [\w -]+?'s?) names?\b",
            "{who} name is {r}",
        ),
        (
            r"\bwhat(?:'s| is| do you call| did you call) (?P<who>your [\w -]+?) (?:called|"
            r"named)\b",
            "{who} is called {r}",
        ),
        (r"\bwho(?:'s| is) (?P<who>your [\w -]+?)\?", "{who} is {r}"),
        (r"\bwhat(?:'s| is) (?P<who>your favou?rite [\w -]+?)\?", "{who} is {r}"),
        (r"\b(?:which|what) instrument do you play\b", "I play the {r}"),
        (
            r"\b(?:which|what) (?:kind of )?car do you drive\b|\bwhat do you drive\b",
            "I drive a {r}",
        ),
        (r"\bwhich languages? do you speak\b|\bwhat languages? do you speak\b", "I speak {r}"),
        (r"\b(?:which|what) team do you (?:support|follow)\b", "I support {r}"),
        (
            r"\bwhat are you allergic to\b|\bany allergies\b|\bdo you have (?:any )?allergies\b",
            "I am allergic to {r}",
        ),
        (
            r"\bare you (?:based |living |still )?in [A-Z]|\bdo you live in\b|"
            r"\bwhere are you based\b",
            "I live in {r}",
        ),
        (r"\bwhere do you work\b|\bwho do you work for\b", "I work at {r}"),
        (r"\bwhen(?:'s| is) your birthday\b", "my birthday is on {r}"),
        (
            r"\bwhat(?:'s| is| are) your (?:hobby|hobbies)\b|\bwhat do you do (?:for fun|in your "
            r"(?:free|spare) time)\b",
            "my hobby is {r}",
        ),
    )
)
_LEAD = re.compile(
    r"^(?:(?:yes|yeah|yep|well|oh|hm+|um+|ah|sure|ok|okay|still|mostly|it is|it's|that is|that "
    r"would be|they are|she is|"
    r"he is|a|an|the|in|at|for|as|from|just|only|mostly|on)\b[,!]? )+(?=\w)",
    re.IGNORECASE,
)
_KEPT_LEAD = re.compile(
    r"^(?:(?:yes|yeah|yep|well|oh|hm+|um+|ah|ha|no|nope|sure|ok|okay|still|mostly|it "
    r"is|that is|just|only)"
    r"\b[,!]? )+(?=\w)",
    re.IGNORECASE,
)
# "third year sparky so my boss grills me": what somebody is, without "I am a"
_FRAGMENT_OF_JOB = re.compile(
    r"(?!(?:my|our|his|her|their|the|your|an?|I|we|he|she|it|this|that|dear|no|any|some|every)\b)"
    r"(?:(?!(?:is|are|am|was|has|have|says?|said|for|the|my|a|an|to|with|of|by|not)\b)"
    r"[A-Za-z-]+ ){0,3}?"
    r"[A-Za-z-]+,? (?:so (?:I|my|we|the|our)\b|here\b,?|by (?:trade|profession)\b|"
    r"since (?:19|20)\d\d\b|for (?:[a-z-]+|\d+) years\b|at [A-Z][\w' ]+$)"
)
_HAS_VERB = re.compile(
    r"\b(?:I|we|you|he|she|they|is|are|am|was|do|does|have|has|can|will|would|not|what|why|how|"
    r"thanks|thank|please)\b"
)


def completed(said: Sequence[Sentence], asked: str, cast: Cast | None = None) -> Iterator[Sentence]:
    """Yield the sentences with what was left out; ``asked`` is the assistant's turn before."""
    reply_to = _question(asked)
    who = who_is_who(said[0].text, reply_to, cast) if said and reply_to else ""
    if who:
        yield replace(said[0], text=who, ends=".")
    topic = ""
    elsewhere = False  # the sentence before says where the user does not live
    for place, sentence in enumerate(said):
        text = _without_gaps(sentence.text)
        named = re.match(
            rf"(?P<front>(?:[a-z]+,? )?my name is (?:{NAME}|[a-z]+), )(?P<rest>.*)", text, re.I
        )
        if named and _opens_with_job(re.split(r" in | at | from ", named.group("rest"))[0]):
            text = f"{named.group('front')}I am {named.group('rest')}"
        before = said[place - 1].text if place else ""
        alone = bool(NAME_RE.fullmatch(before)) and not is_ordinary(before.split()[0])
        if place <= 3 and alone and _opens_with_job(text):
            text = f"I am {before}, {text[:1].lower()}{text[1:]}"  # "Gaz. Plumber, 22 years"
        late = place == 1 and len(before.split()) <= 2 and before[:1].isupper()
        if (place == 0 or late) and reply_to and sentence.ends != "?":
            text = _answering(text, reply_to) or text
        elif (
            topic and sentence.ends != "?" and len(text.split()) <= 7 and not _HAS_VERB.search(text)
        ):
            text = f"my {topic} is {text}"
        elif elsewhere and re.match(r"[A-Z][\w-]+(?=$|,)", text):
            text = f"I live in {text}"
        text = _introduced(text, place) or text
        if (
            sentence.ends != "?"
            and _FRAGMENT_OF_JOB.match(text)
            and _opens_with_job(re.split(r",? (?:so|here|by|since|for|at) ", text)[0])
        ):
            text = f"I am a {text[:1].lower()}{text[1:]}"
        elsewhere = bool(_NOT_THERE.search(sentence.text))
        asked_np = _ASKED_NP.match(sentence.text.strip()) if sentence.ends == "?" else None
        topic = asked_np.group("np") if asked_np else ""
        yield replace(sentence, text=text)


_IN_NAMES = words("of the in near by upon on and de la le du von van under over at st")
_CODE = re.compile(r"[{}=<>_\\]|\w\(|\s-{1,2}[a-z]\b")


def _fits_answer(core: str, template: str) -> bool:
    """Tell whether a fragment may stand for the name or the place that was asked for."""
    asked = r"my name is|I live in|I am (?:from|\{)|I work at|\{who\} (?:lives|name|is called)"
    if not re.match(asked, template):
        return True
    inner = core.split()
    if template == "I am {r}":
        bare = values.bare(core)
        return bool(values.age(core)) or is_occupation(bare) or not is_ordinary(inner[0])
    if any(lemma(word)[1] in ("past", "third") and word.islower() for word in inner[1:]):
        return False
    if any(word.islower() and word not in _IN_NAMES for word in inner[1:]) and not core.islower():
        return False  # "Sleet again"
    placed = re.match(r"I live|I am from|I work|\{who\} lives", template)
    first = may_be_place(inner[0]) if placed else not is_ordinary(inner[0])
    return first or any(word[:1].isupper() and not is_ordinary(word) for word in inner[1:])


def _opens_with_job(text: str) -> bool:
    """Tell whether a fragment starts with what somebody does: "Plumber, 22 years"."""
    return is_occupation(values.bare(values.first_item(text)))


def _introduced(text: str, place: int) -> str:
    """Turn "about me: Darnell, 28, nurse in Atlanta" into "I am Darnell, 28, nurse in Atlanta"."""
    intro = re.match(
        r"(?:(?:hi|hello|hey|bonjour|hallo|hola|good \w+|guten \w+|ciao|hej|"
        r"greetings)[,!] )?(?P<cue>(?:about me|me|intro|bio|quick intro|short intro|a "
        r"bit about me)[:,] |my "
        rf"name: )?(?P<v>{NAME}), (?P<rest>.*)",
        text,
    )
    if not intro or not is_name(intro.group("v").split()[0]) or len(intro.group("v").split()) > 3:
        return ""
    if intro.group("cue"):
        return "I am " + text[intro.start("v") :]
    first = re.split(r",|\band\b", intro.group("rest"))[0].strip()
    aged = values.age(first) and not re.match(r"\d+ \w", first)
    if aged or (place <= 1 and is_occupation(values.bare(values.cut(first)))):
        return "I am " + text[intro.start("v") :]
    return ""


def _without_gaps(text: str) -> str:
    """Put the subject back into "Live in Leeds" and "Allergic to nuts"."""
    animal = re.match(r"(?:[Aa]n? )?(?P<v>[A-Za-z]+(?: [a-z]+)?) (?:called|named) [A-Z]", text)
    read = read_role(animal.group("v").lower()) if animal else None
    if animal and read and read[0].kind == "pet":
        return f"I have a {text[animal.start('v') :][:1].lower()}{text[animal.start('v') + 1 :]}"
    labelled = _LABELLED.match(text)
    if labelled:
        return f"my {labelled.group('np').lower()} is {labelled.group('v')}"
    here = re.match(
        rf"(?:(?i:hi|hello|hey|ok|so|good \w+|greetings)\b[,!. ]*)?(?P<v>{NAME}) (?:here|my "
        r"name)[,.]? (?P<rest>.*)",
        text,
    )
    if here and is_name(here.group("v").split()[0]) and not is_occupation(here.group("v")):
        return f"I am {here.group('v')}, {here.group('rest')}"
    named = re.match(_FILLER + r"name of (?P<v>[A-Z].*)", text[:1].lower() + text[1:])
    if named:
        return f"my name is {named.group('v')}"
    foreign = re.match(
        r"(?:(?:hola|salut|bonjour|ciao|hallo|hej|hei|ola|olá|hi|hello)\b[,!]? )?(?:soy|me llamo|"
        r"je suis|je m'appelle|"
        r"ich bin|ich heisse|ich heiße|sono|mi chiamo|jag heter|mijn naam is|meu nome é) "
        r"(?P<v>[A-Z]\w+)",
        text,
        re.IGNORECASE,
    )
    if foreign and foreign.group("v")[0].isupper():
        return f"my name is {foreign.group('v')}" + text[foreign.end() :]
    done = _DONE.match(text)
    if done and lemma(done.group("v"))[1] == "past" and done.group("v").lower() not in _STATE_WORDS:
        return f"I {text[done.start('v') :][:1].lower()}{text[done.start('v') + 1 :]}"
    verb = _VERBS.match(text) or _VERBS.match(text[:1].lower() + text[1:])
    if verb:
        return (
            "I " + text[verb.start("v") : verb.start("v") + 1].lower() + text[verb.start("v") + 1 :]
        )
    been = _BEEN.match(text)
    if been:
        return f"I am {text[been.end() :]}"
    noun = _NOUN_IS.match(text)
    if noun:
        return (
            "my "
            + text[noun.start("v") : noun.start("v") + 1].lower()
            + text[noun.start("v") + 1 :]
        )
    state = _STATES.match(text) or _STATES.match(text[:1].lower() + text[1:])
    if state:
        return (
            "I am "
            + text[state.start("v") : state.start("v") + 1].lower()
            + text[state.start("v") + 1 :]
        )
    return text


def _question(asked: str) -> str:
    """Return the last question of the assistant's turn."""
    questions = re.findall(r"[^.!?\n]*\?", plain(asked))
    return expand(questions[-1].strip()) if questions else ""


def _answering(text: str, question: str) -> str:
    """Return the reply as a full sentence, if it is a fragment that answers ``question``."""
    text = re.sub(
        r"^(?:yes|yeah|yep|no|nope|nah|well|oh)[,.!] (?=[A-Z])", "", text, flags=re.IGNORECASE
    )
    head = re.split(r"[,;:]|\s[-\u2013\u2014]\s| (?:and|but|because|with|since) ", text)[0]
    core = _LEAD.sub("", head)
    if not core or len(core.split()) > 5 or _HAS_VERB.search(core) or _CODE.search(text):
        return ""
    for pattern, template in _ASSISTANT_ASKS:
        match = pattern.search(question)
        if match:
            if not _fits_answer(core, template):
                return ""
            who = match.groupdict().get("who") or ""
            who = re.sub(r"^(?:your|the)\b", "my", who)
            tail = text[len(head) :] if not template.startswith("I am") else ""
            lead = "a " if template == "I am {r}" and re.match(r"(?:an?) ", head) else ""
            return template.format(r=lead + core, who=who) + tail
    stated = as_statement(re.sub(r"^(?:an?|the) (?=[a-z])", "", _KEPT_LEAD.sub("", head)), question)
    return stated + text[len(head) :] if stated else ""
