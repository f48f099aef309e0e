"""Forms of English verbs: from any form to the base, and from the base to the participle."""

from __future__ import annotations

import re
from functools import cache

from sleeping_plugin.relations.grammar import words

# base, past, participle; one verb a line
_IRREGULAR_FORMS = tuple(
    tuple(line.split())
    for line in """
    be was been
    bear bore borne
    beat beat beaten
    become became become
    begin began begun
    bend bent bent
    bet bet bet
    bind bound bound
    bite bit bitten
    blow blew blown
    break broke broken
    breed bred bred
    bring brought brought
    build built built
    burn burnt burnt
    buy bought bought
    catch caught caught
    choose chose chosen
    come came come
    cost cost cost
    cut cut cut
    dig dug dug
    do did done
    draw drew drawn
    dream dreamt dreamt
    drink drank drunk
    drive drove driven
    eat ate eaten
    fall fell fallen
    feed fed fed
    feel felt felt
    fight fought fought
    find found found
    fly flew flown
    forget forgot forgotten
    get got got
    give gave given
    go went gone
    grow grew grown
    hang hung hung
    have had had
    hear heard heard
    hide hid hidden
    hit hit hit
    hold held held
    hurt hurt hurt
    keep kept kept
    know knew known
    lay laid laid
    lead led led
    learn learnt learnt
    leave left left
    lend lent lent
    let let let
    lie lay lain
    lose lost lost
    make made made
    mean meant meant
    meet met met
    pay paid paid
    put put put
    read read read
    ride rode ridden
    ring rang rung
    rise rose risen
    run ran run
    say said said
    see saw seen
    sell sold sold
    send sent sent
    set set set
    sew sewed sewn
    shine shone shone
    shoot shot shot
    sing sang sung
    sit sat sat
    sleep slept slept
    speak spoke spoken
    spend spent spent
    spin spun spun
    split split split
    stand stood stood
    steal stole stolen
    stick stuck stuck
    swear swore sworn
    swim swam swum
    take took taken
    teach taught taught
    tear tore torn
    tell told told
    think thought thought
    throw threw thrown
    understand understood understood
    wake woke woken
    wear wore worn
    weave wove woven
    win won won
    write wrote written
    """.strip().splitlines()
)
PARTICIPLE_OF = {base: participle for base, _, participle in _IRREGULAR_FORMS}
PAST_OF = {base: past for base, past, _ in _IRREGULAR_FORMS}
_BASE_OF_PAST = {past: base for base, past, _ in _IRREGULAR_FORMS}
_BASE_OF_PARTICIPLE = {participle: base for base, _, participle in _IRREGULAR_FORMS}
_UNCHANGED = frozenset(base for base, past, _ in _IRREGULAR_FORMS if base == past)
_THIRD = {"has": "have", "is": "be", "does": "do", "goes": "go"}
_NOT_ED = words("need feed bleed breed speed exceed succeed seed weed bed red shed wed")


@cache
def lemma(word: str) -> tuple[str, str]:
    """Return (base, form); form is "third", "past", "participle", "ing" or "base"."""
    word = word.lower()
    if word in _THIRD:
        return _THIRD[word], "third"
    if word == "born":
        return "bear", "participle"
    if word in ("am", "are"):
        return "be", "base"
    if word == "were":
        return "be", "past"
    if word in _UNCHANGED:
        return word, "base"
    if word in _BASE_OF_PAST:
        return _BASE_OF_PAST[word], "past"
    if word in _BASE_OF_PARTICIPLE and word not in PARTICIPLE_OF:
        return _BASE_OF_PARTICIPLE[word], "participle"
    if word.endswith("ing") and len(word) > 5:
        return _stemmed(word[:-3]), "ing"
    if word in ("died", "lied", "tied"):
        return word[:-1], "past"
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + "y", "past"
    if word.endswith("ed") and len(word) > 4 and word not in _NOT_ED:
        return _stemmed(word[:-2]), "past"
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y", "third"
    if re.search(r"(?:ss|x|ch|sh|zz|o)es$", word):
        return word[:-2], "third"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1], "third"
    return word, "base"


def _stemmed(stem: str) -> str:
    """Return the base of a verb without its "ed" or "ing": "plann" -> "plan", "liv" -> "live"."""
    doubled = re.search(r"([bdgmnprt])\1$", stem)
    if doubled:
        return stem if stem in ("add", "err") else stem[:-1]
    if stem.endswith(("ll", "ss", "ff", "zz")):
        return stem[:-1] if stem in ("travell", "cancell", "labell", "modell", "controll") else stem
    return stem + "e" if _takes_e(stem) else stem


_NO_E = words("""
    visit edit limit develop want paint plant start cook look work play walk talk water garden
    open happen listen answer offer order suffer enter matter cover discover remember consider
    deliver wonder wander gather monitor volunteer engineer mentor tutor sail row fish hunt act
    need repair prepare contain train rain remain explain maintain join return turn learn earn
    perform form reform farm own grow mow sew show know follow borrow swallow crochet market
    budget target pilot audit benefit credit exhibit inherit profit spot seat heat treat eat beat
    repeat float boat coat rest test host post roast toast cast last list adopt accept attempt
    export import support report sort start sport transport comfort head read spread lead load
    collect connect direct elect inspect protect respect select expect attend depend end send
    mend bend lend tend spend intend extend found sound round ground surround study employ enjoy
    stay pray spray delay sign design assign resign align run swim skim sum program broom zoom
    roam dream cream scream seem deem redeem aim claim stop shop hop top pop drop chop crop
    help jump camp stamp pump skip ship trip zip rip dip sip whip develop gallop wallop worship
    fix mix box tax wax relax coach teach reach preach touch watch catch match pitch stitch fetch
    brush wash wish fish finish polish publish abolish crash push rush climb comb lecture
    """)


def _takes_e(stem: str) -> bool:
    """Tell whether the base of a regular verb ends in a silent e, going by its spelling."""
    if stem in _NO_E or re.search(r"(?:er|en|on|et|al|el|[wxyhf])$", stem):
        return stem in _E_ANYWAY
    if re.search(r"[aeiou]{2}[bcdgklmnprt]$|[^aeiou][bdgkmnpt]$|[ai]ck$", stem):
        return (
            bool(re.search(r"(?:uid|quir|[iu]at|creat|ang|erg|idg|udg|[bdgkpt]l)$", stem))
            and stem != "hang"
        )
    return bool(re.search(r"[bcdglkmnprstuvz]$", stem))


_E_ANYWAY = words("compet complet delet phon ton postpon interven con ston clon")


@cache
def participle(base: str) -> str:
    """Return the past participle: "live" -> "lived", "write" -> "written"."""
    return PARTICIPLE_OF.get(base) or _ed(base)


@cache
def gerund(base: str) -> str:
    """Return the form in "ing": "live" -> "living", "run" -> "running", "lie" -> "lying"."""
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")) and base != "be":
        return base[:-1] + "ing"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnprt]", base) or base in ("begin", "forget", "commit"):
        return base + base[-1] + "ing"
    return base + "ing"


@cache
def past(base: str) -> str:
    """Return the simple past: "live" -> "lived", "write" -> "wrote"."""
    return PAST_OF.get(base) or _ed(base)


def _ed(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if re.search(r"[^aeiou]y$", base):
        return base[:-1] + "ied"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnprt]", base):
        return base + base[-1] + "ed"
    return base + "ed"
