"""The verbs that facts are said with, in the forms that agree with each subject."""

from __future__ import annotations

from sleeping_plugin.relations.grammar import Person, conjugate, words

BASE = words(
    """
    live reside stay work study play drive ride speak love like enjoy adore hate dislike prefer
    collect grow teach read breed keep bake build restore brew write paint coach run own make sell
    drink eat take wear use support follow cheer root sing dance knit garden cook volunteer come
    hail go attend learn practise practice train swim fence climb fish hunt sew crochet sculpt draw
    photograph act perform compete compose blog stream skate ski surf row sail hike cycle jog box
    do get call name raise foster care suffer need belong weigh measure stand celebrate share rent
    commute manage lead head fly pilot deliver repair fix design program code translate edit nurse
    farm spend can have specialise specialize serve operate earn swear major fear mean answer
    listen respond smoke look react vote host start quilt embroider kayak juggle tutor mentor
    lecture barrack bike walk race wrestle lift meditate pray worship believe identify consider
    mend carve weave spin forge brand stammer stutter tend know sleep end swap beat tolerate
    frequent turn
    """
)
THIRD = frozenset(conjugate(verb, Person.THIRD) for verb in BASE - {"can"}) | {"can", "is", "has"}
PAST = words(
    """
    was were had lived worked studied grew moved got went graduated retired adopted bought married
    met named called started quit left sold turned joined switched changed used lost became
    finished trained settled relocated inherited founded opened rescued took gave stopped began
    emigrated immigrated transferred christened majored celebrated taught replaced traded divorced
    separated ditched dropped swapped passed picked ended landed stayed did came ran wrote sang
    made drove said kept sent spent brought
    """
)
FIRST = BASE | {"am", "are"}
BASE_AFTER = words("in at as for on with a an the near to from his her no two three to")
ADVERBS = (
    r"(?:(?:also|actually|currently|now|still|just|really|always|usually|both|recently|originally|"
    r"only|mostly|mainly|sometimes|often|proudly|even|already|kinda|basically|officially|"
    r"technically|finally|normally|happily|all|then|too|personally|absolutely|totally|truly|"
    r"secretly|simply|clearly|obviously|once|since|today|nowadays|typically|generally|regularly|"
    r"occasionally|myself|himself|herself|themselves|mean|sure|definitely|certainly|sadly|luckily|"
    r"formerly|previously|temporarily|presently|so|pretty|much|of course|in fact|these days|"
    r"at the moment|right now|as well|by the way|btw|for my part|for years|long|first|later|"
    r"indeed|quite|kind of|sort of|more or less|do(?= (?:love|like|enjoy|live|work|have|play|"
    r"speak))"
    r"|does(?= (?:love|like|enjoy|live|work|have|play|speak))|have just|has just|have recently|"
    r"has recently|have always|has always|honestly"
    r"),? )*"
)
