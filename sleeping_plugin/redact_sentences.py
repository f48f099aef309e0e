"""Sentences that hold a secret: regular expressions with the secret in a group.

To be compiled without regard to case. Every repeat is bounded, so that a long line costs no more
than its length.
"""

from __future__ import annotations

from sleeping_plugin.redact_words import PLACE

# What people say around a secret.
CODE = (
    r"(?P<secret>[#*]?\d(?:[ -]?\d){3,9}[#*]?"
    r"|(?-i:[A-Z]*\d[A-Z0-9]*\d[A-Z0-9]*#?))(?![\w-]|[.,:]\d)"
)
TURN = r"(?:right|left|[rl]|(?:anti-?|counter-?)?clockwise)"
DIAL = rf"(?:{TURN}\s*(?:to\s+)?)?\d{{1,2}}(?:\s*(?:to the\s+)?{TURN}\b)?"
LOGIN = (
    r"\b(?:log-?ins?|user(?:name)?|credentials|creds|log(?:ged|s|ging)? (?:in|on)"
    r"|sign(?:ed|s|ing)? (?:in|on)"
    r"|account|wi-?fi|wlan)\b"
)
END = r"(?=[.,;!?)]*(?:\s|$))"
CLAUSE = r"(?=[!?]*(?:[.,;)]|\s*$|\s*\n|\s[-\u2013\u2014]\s))"
SERVICE = (
    r"(?:wi-?fi|wlan|netflix|spotify|disney\+?|youtube|e-?mail|gmail|outlook|hotmail|facebook"
    r"|insta(?:gram)?|tiktok|snapchat|twitter|amazon|ebay|paypal|steam|xbox|psn|playstation"
    r"|icloud"
    r"|apple id|google|github|gitlab|slack|zoom|teams|discord|moodle|canvas|linkedin|dropbox|bank"
    r"|banking|router|modem|camera|doorbell|alarm|printer|nas|server|laptop|computer|tablet"
    r"|portal|intranet|vpn|hotspot|wordpress|shop admin|back ?office|account|website|site)"
)
IDENTITY = (
    r"(?:nhs|medicare|medicaid|health(?: card| insurance)?|insurance|national insurance|ni|tax"
    r"|tax file|tfn|cpf|dni|nie|codice fiscale|steuer-?(?:id|nummer)|ahv|bsn|pesel|personnummer"
    r"|aadhaar|pan|national id|id card|identity card|personal(?:ausweis)?|residence permit|visa)"
)
# Each holds the secret in a group. Those of the first tuple need the look of a password as well.
SPOKEN_PASSWORD: tuple[str, ...] = (
    rf"{LOGIN}[^!?\n]{{0,80}}?\b(?:pass|pw|code|key)\b\W{{1,3}}(?:is\s+)?(?P<secret>\S{{6,}})",
    r"(?<!\S)(?P<secret>\S{6,80}) (?:is|are) (?:the|my) (?:log-?in|credentials|creds)\b",
    r"\b(?:laptop|phone|computer|tablet|ipad|pc|mac)\s+(?:un)?(?:locks?"
    r"|opens?)\s+with\s+(?P<secret>\S{6,})",
    rf"{LOGIN}[^.!?\n]{{0,60}}?(?:\b(?:is|are|as|with)\b|[:=]|\bin\b)\s*[^\s,/]+(?:\s*[,/;+|]\s*"
    rf"|\s+(?:and|with"
    r"|then)\s+)(?P<secret>\S{6,})",
)
SPOKEN_PASSWORD += (
    r"\bu(?:ser)?:\s{0,3}\S{1,40}[,;/]?\s{1,3}p(?:ass|w)?:\s{0,3}(?P<secret>\S{4,60})",
    rf"\b(?:for|on|to) (?:(?:my|the|our|his|her|their) )?{SERVICE}\b[^.!?\n]{{0,20}}?[,:]? "
    rf"(?:it['\u2019]s|it is|is|i use|use|i have|put|type)\s+(?P<secret>\S{{6,60}}){END}",
    rf"\b(?:admin|root|guest|user)\b\s*(?:/|,|\+|and|with|plus"
    rf"|then)\s*(?P<secret>\S{{6,60}}){END}",
    r"\b(?:it['\u2019]?s|it is|that['\u2019]?s|is)\s+(?P<secret>\S{5,60}?)[,.;!]?\s+(?:but "
    r"|and |please )*"
    r"(?:(?:don['\u2019]?t|do not|never) (?:you )?(?:dare )?(?:tell|share|show|repeat|laugh"
    r"|judge)|keep "
    r"(?:it|that|this) (?:secret|private|safe|quiet|between|to)|(?:that['\u2019]?s "
    r"|it['\u2019]?s )?"
    r"(?:secret|confidential|private|between us))\b",
)
SPOKEN_PASSWORD += (
    r"\b(?:remember|save|store|note|keep|memori[sz]e|write)\b[^.!?\n:]{0,40}:\s*"
    rf"(?P<secret>(?=\S{{0,30}}[!#$%^~&@-])\S{{7,60}}){END}",
)
# Twelve words without any of these: no sentence.
SEED_WORD = (
    r"(?!(?:the|and|was|are|but|not|his|her|she|our|from|were|been|had|has|its|their|your|for|with"
    r"|you|they|that|this|have|what|when|where|which|who|how|why|all|one|about|there|then|than|will"
    r"|can|could|would|should|just|like|know|want|need|get|got|did|does|out|off|into|over|some|any"
    r"|more|very|too|also|only|because|after|before|here|now|yes|please|make|take|give|tell|said"
    r"|say|day|time|lol|him|them|these|those|next|two|three|four|five|six|seven|eight|nine|ten)\b)"
    r"[a-z]{3,8}"
)
ONLINE = (
    r"(?:wi-?fi|wlan|hotspot|router|netflix|spotify|disney\+?|youtube|gmail|outlook"
    r"|hotmail|facebook"
    r"|insta(?:gram)?|tiktok|snapchat|amazon|ebay|paypal|steam|icloud|apple id|e-?mail"
    r"|github|zoom|moodle|portal|intranet"
    r"|vpn|guest network)"
)
SPOKEN_PASSWORD += (
    rf"\b{ONLINE}\b(?:['\u2019]s)?[^.!?\n]{{0,40}}?(?:\bis|:|,|="
    rf"|\bwith)\s+(?:[\w.+-]+@[\w.-]+[,;/ ]+(?:and )?)?(?P<secret>\S{{6,60}}){END}",
    rf"\b(?:use|uses|try|with|type|enter)\s+(?P<secret>\S{{6,60}})\s+(?:for|on|to get "
    rf"on(?:to)?) (?:the |my |our )?{ONLINE}\b",
    r"\btemp(?:orary)?(?: one| code| login)?(?: is|:)\s+(?P<secret>\S{6,60})",
    r"\b(?:use|is|are|with|:|log-?in|portal|account)\s+[\w.@+-]{2,40} ?/ ?(?P<secret>\S{6,60})",
    rf"\bset (?:the |my |our )?(?:password|passcode|pass|pw) (?:as"
    rf"|to)\s+(?P<secret>\S{{5,60}}){END}",
)
# Those of this tuple may be a plain word, if it is none of the ordinary ones.
SPOKEN_PLAIN: tuple[str, ...] = (
    rf"{LOGIN}[^!?\n]{{0,80}}?\b(?:with|and) (?:the )?(?:password|passcode|pass|pw)\s+"
    rf"(?P<secret>[^\s,;]{{4,60}}?){CLAUSE}",
    rf"\blog-?in\b[^.!?\n]{{0,40}}?(?:\bis\b|[:=])\s*(?:admin|root|guest|user|\S*[\d@_]\S*"
    rf"|\w+[.]\w+)"
    rf"\s*(?:[,/;+|]|\band\b|\bwith\b)\s*(?P<secret>[^\s,;]{{4,60}}?){CLAUSE}",
    rf"(?::|\band)[^.!?\n:]{{0,30}}\b(?:password|passcode"
    rf"|pw)\s+(?P<secret>[^\s,;:=]{{5,60}}?){CLAUSE}",
    rf"\b(?:wi-?fi|wlan)\b[^.!?\n]{{0,60}}?\bis (?:all |just |simply |in )*(?:lower ?case|one "
    rf"word|caps"
    rf"|upper ?case|capitals|small letters)[,:]?\s+(?P<secret>[^\s,;]{{5,60}}?){CLAUSE}",
    r"\b(?:security|secret|recovery) question\b[^.!?\n]{0,80}?\bI (?:put|used|chose|said"
    r"|answered|wrote"
    rf"|typed|gave)(?: in)?\s+(?P<secret>[^\s,;]{{3,60}}?){CLAUSE}",
)
SPOKEN_PLAIN += (
    rf"\b(?:safe|magic|secret|memorable|security|telephone[ -]banking|phone[ -]banking"
    rf"|banking|verbal) ?(?:pass)?word\b"
    rf"[^.!?\n]{{0,40}}?(?:\bis|:|,)\s+(?:it['\u2019]s\s+)?(?P<secret>[^\s,;]{{4,60}}?){CLAUSE}",
    rf"\basks? (?:me )?for (?:a|the|our|my) (?:pass)?word[^.!?\n]{{0,20}}?(?:\bis|:|,"
    rf"|['\u2019]s)\s+(?:it['\u2019]s\s+)?(?P<secret>[^\s,;]{{4,60}}?){CLAUSE}",
    rf"\b(?:security|secret|recovery) "
    rf"question\b[^.!?\n]{{0,60}}?:\s+(?P<secret>(?-i:[A-Z])[^\s,;]{{3,60}}?){CLAUSE}",
    rf"\bmaiden name (?:for|with|at) (?:the|my|our) (?:bank|account|insurance|building "
    rf"society|card)\b[^.!?\n]{{0,20}}?(?:\bis|:)\s+(?P<secret>[^\s,;]{{4,60}}?){CLAUSE}",
    r"\b(?:password|passcode|pw)\s+(?P<secret>(?-i:[A-Z][a-z]+ ){1,3}\d{2,6})\b",
)
SPOKEN_CODE: tuple[str, ...] = (
    rf"\bpress(?:ing)?\s+{CODE}(?=\s+(?:and|then|plus|followed by)\b)",
    rf"\b(?:get|let|come|go|gets|lets)(?: (?:yourself|you|me|us|them|him|her))? (?:in|inside"
    rf"|through|past)\b"
    rf"[^.!?\n]{{0,30}}?\b(?:with|by|using|press|type|enter|is)\s+{CODE}(?=\s*(?:[.,;!]|$|and\b"
    rf"|then\b))",
    r"\b(?:(?:bike|bicycle|pad|combination|cable|key) ?locks?|padlock|lock ?box|key ?safe"
    r"|keypad)\s+"
    rf"(?!(?:19|20)\d\d\b){CODE}(?=\s*(?:[.,;!)]|$|and\b|then\b))",
    rf"\b(?:{PLACE}|pin|passcode|code)\b[^.!?\n,]{{0,20}}?(?:\bis|\bare|\bwas"
    rf"|['\u2019]s)\s+(?:(?:my|our|his"
    r"|her|the|their)\s+)?[^.,!?\n\d]{1,40}[,:]\s*(?P<secret>\d{4,8})(?![\w-]|[.,:]\d)",
    r"\b(?:security|sec|safety|verification)(?: code| no\.?| "
    r"number)?[:\s]+(?:is\s+)?(?P<secret>\d{3,4})"
    r"(?=\s*(?:[.,;!)]|$))",
    r"\b(?:routing|account|acct|a/c)(?: (?:number|no\.?"
    r"|#))?[:\s]+(?:is\s+)?(?P<secret>\d(?:[ -]?\d){5,15})"
    r"(?![\w-]|[.,:]\d)",
    r"\b(?P<secret>(?-i:[A-CEGHJ-PR-TW-Z]{2}) ?\d\d ?\d\d ?\d\d ?(?-i:[A-D]))\b",
    r"\bpass(?:word|wd|code)?\s*[=:]\s*(?P<secret>letmein|qwerty\w*|iloveyou|hunter\d"
    r"|welcome\d*|abc123"
    r"|monkey\d*|dragon\d*|trustno1|sunshine\d*)\b",
    r"\b(?:ni|nino|national insurance|insurance)\b[^.!?\n]{0,20}?\b(?P<secret>[A-Z]{2} ?\d\d "
    r"?\d\d ?\d\d ?[A-D])\b",
    r"\bpassport\b[^.!?\n]{0,12}(?:\bno\.?|\bnumber|\bnr\.?|#)?[^.!?\n]{0,16}?"
    r"(?<![\w-])(?P<secret>(?=(?:[A-Z]{0,9}\d){5})(?-i:[A-Z0-9]{7,9}))(?![\w-]|[.,:]\d)",
    r"\b(?:licen[cs]e|permit|id(?:entity)?(?: card)?)\b[^.!?\n]{0,24}?(?:number|no\.?|nr\.?"
    r"|#)\W{0,3}(?:is\s+)?"
    r"(?P<secret>(?=(?:[A-Z-]{0,9}\d){4})(?-i:[A-Z0-9][A-Z0-9-]{6,19}))(?![\w-])",
    rf"\b{IDENTITY}\s*(?:number|no\.?|nr\.?|id|#)?[^.!?\n\d]{{0,20}}(?<![\w-])"
    r"(?P<secret>\d(?:[ .-]?\d){7,13})(?![\w-]|[.,:]\d)",
    r"\b(?:says?|said|reads|text(?:ed)?|sms|got|received|sent|enter)\b[^.!?\n]{0,30}\bcode:?\s+"
    r"(?P<secret>\d{5,8})(?![\w-]|[.,:]\d)",
    r"\b(?:2fa|two-factor|steam guard|guard|backup|recovery|rescue|auth\w{0,12})(?: (?:code"
    r"|key)s?)?:?\s+(?:is\s+)?"
    r"(?P<secret>\d(?:[ -]?\d){5,11}|(?-i:(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{5,8}))(?![\w-]"
    r"|[.,:]\d)",
    r"\b(?:codice|c[óo]digo|code|kode?|koodi|t[üu]r-?code|clave)\s+(?:(?:de|del|della|dello|du"
    r"|da|do|der|f[üu]r|den|pour|para|per"
    r"|na|til|do)\s+(?:[^\s.!?]+\s+){1,3}?|d['\u2019]\S+\s+)?(?:è|é|e|es|est|ist|jest|är|er"
    r"|to)\s+"
    r"(?P<secret>(?-i:[A-Z]{0,2}\d[\dA-Z]{2,9}#?))(?![\w-]|[.,:]\d)",
    r"\b(?:network|wi-?fi|wlan|ssid|router|hotspot)\b[^.!?\n]{0,60}?\b(?:key"
    r"|code)\W{1,3}(?:is\s+)?"
    r"(?P<secret>\d{8,63})(?!\w)",
    r"\b(?:user(?:name)?|login|network|ssid)[:\s]\s*(?:\S*[\d@.]\S*"
    r"|\S+,)\s+(?:and\s+)?(?:password"
    r"|pw|pwd)"
    r"[:\s]\s*(?P<secret>[^\s.,;!?()\"\x27=]{4,})(?=[.,;!]|\s*$|\n)",
    rf"\b{PLACE}\s+(?:takes|needs|wants)\s+{CODE}(?=\s*(?:[.,;!]|$|and\b|then\b))",
    rf"\b{PLACE}\b[^.!?\n]{{0,60}}?(?<![\w-])(?P<secret>\d(?:-\d){{3,7}})(?![\w-])",
    rf"\b(?:remember|memori[sz]e)\s+(?!1[89]\d\d|20\d\d){CODE}(?=\s*(?:[.,;!]|$|for\b))",
    r"(?<![\w.,])(?P<secret>[#*]?\d(?:[ -]?\d){2,9})(?:,?\s+(?:and|then|followed by|plus"
    r"|with))(?:\s+press)?"
    r"(?:\s+(?:the|a))?\s+(?:(?:pound|hash|star|asterisk)\b|(?:green|red|enter|square)\s+(?:key"
    r"|button))",
    r"(?<![\w.,])(?P<secret>\d(?:[ -]?\d){3,9}#?)\s+(?:will\s+)?(?:(?:opens?|unlocks?"
    r"|disarms?)\s+(?:the|it|my|our)"
    r"\b|(?:gets?|lets?)\s+(?:you|me|us)\s+(?:in|into|inside|through|past)\b|to\s+(?:sign|log|verify|confirm"
    r"|unlock|disarm))",
    r"\b(?:unlock|open|disarm|get in|log in|sign in)s?\b[^.!?\n]{0,40}?\b(?:with|typing|entering"
    r"|using)\s+"
    rf"{CODE}(?=\s*(?:[.,;!?]|$|\band\b))",
    r"\b(?:digits|numbers?|code)\s+(?:on|at) the back(?: of (?:it|(?:the|my) card))?\W*(?:is"
    r"|are)?\W*"
    r"(?P<secret>\d{3,4})\b",
    rf"\b(?:combination|combo|dial|safe|padlock|locker|lock)\b[^.!?\n]{{0,60}}?(?:\b(?:is"
    rf"|combination|combo|go|turn"
    rf"|goes|are|its)|['\u2019]s|[:=,])\s*(?P<secret>{DIAL}(?:[ ,/\u2013-]+(?:and "
    rf"|then )*{DIAL}){{2,4}})(?![\w-]|\.\d)",
    r"\b(?:security|secret|recovery) question[^\n]{0,120}?\banswer(?:['\u2019]s|\s+is|\s+was"
    r"|\s*[:=])\s*"
    r"(?P<secret>[^\W\d_][\w'-]{2,}(?:\s+(?-i:[A-Z])\w+)*)",
    r"\biban\b[^\n]{0,40}?\b(?P<secret>(?-i:[A-Z]{2})\d{2}(?:[ .-]?(?-i:[A-Z0-9]){1,4}){3,8})\b",
    r"\b(?:key|licen[cs]e|serial"
    r"|activation)\b[^.!?\n]{0,50}?(?-i:(?=[A-Z -]*\d)(?P<secret>[A-Z0-9]{4,6}"
    r"(?:[ -][A-Z0-9]{4,6}){2,7}))\b",
    rf"\b(?:punch|key|type|enter|press|tap|put)(?:s|ed"
    rf"|ing)?\s+(?:in\s+)?{CODE}(?=[^.!?\n]{{0,40}}\b{PLACE}\b)",
    r"\blog-?in(?: is|:)?\s+(?P<secret>\d{4,8})(?=\s*(?:[.,;!)]|$|and\b))",
    r"\b(?:atm|cash ?machine"
    r"|cash ?point)\b[^.!?\n\d]{0,20}(?P<secret>\d{4})(?=\s*(?:[.,;!)]|$|and\b|for\b))",
    r"(?<![\w.,])(?P<secret>\d{4})\s+(?:at|for|in) (?:the |an? )?(?:atm|cash ?machine"
    r"|cash ?point)\b",
    rf"\b(?:number|code|digits|thing) (?:to|that|for) (?:un)?(?:locks?|opens?"
    rf"|locking)\b[^.!?\n\d]{{0,30}}?(?:\bis|:)\s*{CODE}",
    rf"\b(?:screen|phone|sim|tablet|app) lock\s*(?:is|:)?\s*{CODE}",
    rf"\bi use (?!(?:19|20)\d\d\b){CODE}(?= for (?:everything|all|my|the (?:phone|card"
    rf"|alarm|tablet|gate|door|safe)))",
    r"\b(?P<secret>(?:left|right|l|r)\s*(?:to\s+)?\d{1,2}[ ,;]+(?:and |then )*(?:left"
    r"|right|l|r)\s*(?:to\s+)?\d{1,2}[ ,;]+(?:and |then )*"
    r"(?:left|right|l|r)\s*(?:to\s+)?\d{1,2})\b",
    r"\b(?:three|3|last three|security) (?:digits|numbers)?\b[^.!?\n\d]{0,20}?(?:\bis"
    r"|\bare|:)\s*(?P<secret>\d{3})(?=\s*(?:[.,;!)]|$))",
    r"\bthe last three are\s*(?P<secret>\d{3})(?=\s*(?:[.,;!)]|$))",
    r"\b(?:four|five|six|4|5|6) digits?\b[^.!?\n\d]{0,12}?(?:\bis|\bare"
    r"|:)\s*(?P<secret>\d{4,6})(?!\w)",
    r"\b(?:0[1-9]|1[0-2])/\d\d[ ,;]{1,3}(?P<secret>\d{3})(?=\s*(?:[.,;!)]|$))",
    r"\b(?:texted|sent|messaged)(?: me)?\s+(?:a |the )?(?P<secret>\d{5,8})(?=\s*(?:[.,;!?)]|$))",
    r"(?<![\w-])(?P<secret>(?-i:[A-Z]{5}\d{4}[A-Z]|[STFG]\d{7}[A-Z]))(?![\w-])",
    r"\b(?:licen[cs]e|insurance number|insurance no\.?|medicare(?: "
    r"number)?)\s+(?:is\s+)?(?P<secret>(?-i:[A-Z]{1,2})\d{6,12})(?!\w)",
    r"\b(?:key|token)\b\s*(?:is|:"
    r"|=)?\s*[\"'\u201c]?(?P<secret>(?=(?:[A-Za-z-]{0,12}\d){4})(?=[\d-]{0,12}[A-Za-z])[A-Za-z0-9-]{14,80})(?![\w-])",
    rf"(?<![\w-])(?P<secret>(?-i:(?:{SEED_WORD} ){{11,23}}{SEED_WORD}))(?![\w'-])",
    rf"\b{PLACE}\s+(?P<secret>(?-i:(?=[A-Z]{{0,4}}\d{{3}})(?=\d{{0,5}}[A-Z])[A-Z0-9]{{5,8}}#?))(?![\w-]|[.,:]\d)",
)

# Codes beside what they open, in notes and lists: "gate 2211, garage 5519".
OPENED = (
    r"(?:gates?|garage|alarm|burglar alarm|lock ?box|key ?box|key ?safe|gun safe|safe"
    r"|padlock|keypad|side door|back door"
    r"|front door|entry|barrier|storage|shed)"
)
NO_YEAR = r"(?!(?:1[89]|20)\d\d(?!\d))(?!\d+00(?!\d))"
SHORT_CODE = rf"{NO_YEAR}(?P<secret>\d{{4,8}}[#*]?)(?![\w-]|[.,:]\d)"
SPOKEN_CODE += (
    rf"\b{OPENED}\s*(?:[:(,]\s*)?(?:it['\u2019]?s |code |is )?{SHORT_CODE}(?=\s*(?:[,.;)]"
    rf"|$|then\b|and\b))",
    rf"\b{OPENED}\b[^.!?\n\d]{{0,24}}, ?{SHORT_CODE}(?=,)",
    rf"\b(?:punch|type|enter|dial|key|tap)(?: in)? {SHORT_CODE}(?=\s*(?:and|then|plus|,)\b)",
    rf"\b{OPENED}\b[^.!?\n]{{0,30}}?\b(?:ring|dial|type|press|enter|punch)(?: in)? {SHORT_CODE}",
    rf"\b(?:wrote|write|noted|remember|use|used|set)\s+(?:down "
    rf")?{SHORT_CODE}[^.!?\n\d]{{0,40}}\bfor the {OPENED}\b",
    r"\b(?:four|five|six|4|5|6)[ -]digits?,\s*(?P<secret>\d{4,6})(?!\w)",
    r"\b(?:clock[ -]in|register|till|copier|printer|fax|time clock|badge|employee"
    r"|staff)\b[^.!?\n\d]{0,12}\b(?:number|code|id|pin)"
    r"\b\s*(?:is|:|,)?\s*(?P<secret>\d{4,8})(?![\w-]|[.,:]\d)",
    r"\b(?:gun safe|safe|padlock|locker"
    r"|combo)\b[^.!?\n\d,]{0,16}(?P<secret>\d{1,2}-\d{1,2}-\d{1,2})(?![\w-])",
    r"\bcomb(?:o|ination)\b[^.!?\n]{0,12}\s(?P<secret>(?-i:[A-Z](?:-[A-Z]){2,5}))(?![\w-])",
    r"\b(?:acct?|kontonummer|konto|account)\.?\s+(?P<secret>\d{7,12})(?!\w)",
    r"\bsort\s+(?P<secret>\d\d-\d\d-\d\d)(?=\s*(?:[.,;)]|$|acc))",
    r"\bsin\b\s*(?:is|:|,|number)?\s*(?P<secret>\d{3}[ -]\d{3}[ -]\d{3})(?!\w)",
    r"(?<![\w-])(?P<secret>(?-i:\d[A-Z][A-Z0-9]\d-[A-Z][A-Z0-9]\d-[A-Z]{2}\d\d))(?![\w-])",
    r"\btoken\b(?: is|:)?\s+(?P<secret>(?=\S{0,30}\d)(?=\S{0,30}[A-Z])[\w.-]{16,100})(?!\w)",
    r"\bsecret\s+(?P<secret>(?-i:(?=\w{0,30}[A-Z])(?=\w{0,30}[a-z])\w{20,80}))(?!\w)",
    r"\b(?:serial|licen[cs]e|activation)\b(?: number| key| code)?\s*(?:is|:)?\s+"
    r"(?P<secret>(?-i:(?=[A-Z]{0,12}\d)(?=\d{0,12}[A-Z])[A-Z0-9]{10,30}))(?!\w)",
    r"\bpassphrase\s+(?P<secret>(?:(?!(?:is|was|for|that|and|which|should|must|can|has"
    r"|have|needs?|will|may|to|with|from|you|not)\b)[a-z]{3,10} "
    r"){2,7}[a-z]{3,10})(?=[.,;!?]|\s*$)",
)
SPOKEN_PASSWORD += (
    rf"(?<!\S)(?P<secret>\S{{6,60}}) (?:is|for) (?:the|our|my) {ONLINE}\b",
    rf"\b{ONLINE}(?:['\u2019]s\s+|\s*[(\[]\s*|\s+"
    rf"|\s+\S{{2,30}}\s*/\s*)(?P<secret>[^\s)\]]{{6,60}}){END}",
    r"\b(?:minecraft|roblox|fortnite|gaming|game|steam|epic|twitch|reddit"
    r"|school)\s+account is\s+(?P<secret>\S{6,60})",
    r"\beverything(?:['\u2019]s| is)\s+(?P<secret>\S{6,60})",
    r"[\w.+-]{1,40}@[\w-]{1,40}\.[\w.-]{2,30}\s*(?:/|with|and|,|\+)\s*(?P<secret>\S{6,60})",
)
SPOKEN_PLAIN += (
    r"\bmaiden name\b[^.!?\n]{0,12}\bI (?:always |usually )?(?:put|use|say|give"
    r"|type)\s+(?P<secret>[^\s,;.]{4,40})",
    rf"\bmemorable (?:place|date|name|word)\b[^.!?\n]{{0,16}}?(?:\bis|\bit['\u2019]s|:"
    rf"|,)?\s+(?P<secret>(?-i:[A-Z])[^\s,;]{{3,40}}?){CLAUSE}",
)

# "hut code 1866": what has a code of its own; these have one that is none of a lock.
OTHER_CODES = (
    r"(?:error|exit|area|zip|post|postal|country|dress|colou?r|promo|discount|voucher"
    r"|course|module|class|airport|product"
    r"|item|part|stock|article|bar|qr|source|status|http|https|tax|dialling|dialing"
    r"|genetic|morse|booking|reference|return|building"
    r"|python|java|legacy|machine|byte|the|a|an|my|our|your|his|her|their|this|that|of|in"
    r"|to|write|clean|hs|icd|cpt|iata|order"
    r"|referral|coupon|gift|offer|paint|ral|hex|unicode|ascii|penal|civil|criminal"
    r"|building|tracking|diagnostic|fault|trouble)"
)
SPOKEN_CODE += (
    rf"\b(?!{OTHER_CODES}\b)[^\W\d_][\w-]{{2,20}} code\s*(?:is|:"
    rf"|=)?\s*(?P<secret>\d{{4,8}}[#*]?|(?-i:(?=[A-Z]{{0,3}}\d{{3}})[A-Z0-9]{{5,8}}))"
    r"(?=\s*(?:[.,;!)]|$|and\b|then\b))",
    rf"\b{OPENED}\s+(?P<secret>\d{{4,8}}[#*])(?!\w)",
    r"\b(?:suitcase|luggage|briefcase"
    r"|trunk)\b[^.!?\n\d]{0,12}(?P<secret>\d{3,4})(?=\s*(?:[.;!)]|$))",
    r"\bphone\s+(?P<secret>\d{4,6})\s+to (?:open|unlock)\b",
    rf"\bnumber is {SHORT_CODE} for (?:the|our|my) (?:\w+ )?{PLACE}\b",
    r"\b(?:wlan|wi-?fi)[ -]?schl[üu]e?ssel\W{1,3}(?:ist\s+)?(?P<secret>\d(?:[ -]?\d){7,62})(?!\w)",
)
SPOKEN_PASSWORD += (
    r"\b(?:password|passcode|passwort|pw)[.!]\s+(?P<secret>\S{5,60})(?=[.!]?\s*$)",
    r"\b(?:keep|hold on to|remember|save|store) (?:this|it"
    r"|that)\b[^.!?\n\d]{0,20}[:,]\s*(?P<secret>(?=\S{0,30}[a-z])(?=\S{0,30}[A-Z])\S{7,60})",
    r"\b(?:system|portal|moodle|canvas|payroll|hospital|app|site|website"
    r"|intranet)\b[^.!?\n]{0,16}(?:\bis|:|,)\s+\S{3,30}(?:,| and| /|/)\s+(?P<secret>\S{6,60})",
)

# Codes and passwords that are called nothing at all: known by what they do, or by being reused.
_GET_IN = (
    r"(?:(?:get|let|come|go) (?:\w+ )?(?:in|into|inside|through|past)|open|unlock|enter|disarm"
    r"|log ?in|log on|sign in|turn (?:it|the alarm) off|switch (?:it|the alarm) off)"
)
_PASSWORDISH = r"(?P<secret>(?=\S{0,40}[A-Za-z]{3}\S{0,30}\d)\S{6,60})"
SPOKEN_CODE += (
    rf"\b(?:need|needs|use|want|type|try|put|do)(?: in)? {SHORT_CODE} to {_GET_IN}\b",
    rf"\b(?:{PLACE}|entry|entrance|intercom|buzzer|lift|keypad)\b(?: [a-z]+){{0,2}} "
    rf"(?:needs|wants|takes|is) {SHORT_CODE}(?=\s*(?:[.,;!)]|$|and\b|then\b|but\b))",
    rf"\b(?:dial|press|type|enter|punch|ring|put)(?: in)? {SHORT_CODE} (?:on|at|into|in) "
    rf"(?:the|our|my) (?:{PLACE}|intercom|buzzer|keypad|phone|machine|terminal)\b",
    r"\b(?:code|otp|one[- ]time \w+|verification|2fa|bank)\b[^.!?\n\d]{0,40}[ ,:]"
    r"(?P<secret>\d{3} ?\d{3})(?=\s*(?:[.,;!?)]|$|and\b|but\b))",
    rf"\b(?:sim|phone|tablet|safe|alarm|card|{PLACE}|locked)\b[^.!?\n]{{0,60}}?{SHORT_CODE}"
    r"(?= (?:did|does|didn['\u2019]t|doesn['\u2019]t|works?|worked|won['\u2019]t)\b)",
    rf"\b(?:is|was|it['\u2019]?s|mine['\u2019]?s|that['\u2019]?s|used?|put) {SHORT_CODE}"
    r"(?! (?:euros?|pounds?|dollars?|bucks|quid|people|times|years?|miles|kilos?)\b)"
    r"(?=[^.!?\n]{0,60}\b(?:my|the|our|his|her) pin\b)",
    rf"\b(?:didn['\u2019]t|doesn['\u2019]t|did not|does not) work,? (?:but |and )?{SHORT_CODE}"
    r"(?= (?:did|does|works?|worked)\b)",
)
SPOKEN_PASSWORD += (
    rf"\b(?:I|we|you) (?:\w+ )?used? {_PASSWORDISH} (?:everywhere|(?:for|on) (?:everything|most"
    r"|all|every))\b",
    r"\b(?:the same (?:one|thing|password|pw)|everywhere|every (?:site|account))\b"
    rf"[^.!?\n]{{0,20}}[,:]\s*{_PASSWORDISH}{END}",
    rf"\b(?:it['\u2019]?s|is|use|type|with) {_PASSWORDISH} to (?:get|log|sign|go) "
    r"(?:in|on|online)\b",
    r"\b(?:changed|reset|set|switched|updated) (?:it|that|mine|(?:the|my) [\w-]+ one|everything"
    rf"|them all) to {_PASSWORDISH}{END}",
    rf"\b(?:password|passcode|pw)\b[^!?\n]{{0,80}}, so (?P<secret>\S{{4,60}}){END}",
)
SPOKEN_PLAIN += (
    r"\b(?:my|our) (?:[\w-]+ ){0,2}(?:password|passcode|passphrase|pw)\b[^.!?\n:]{0,40}:\s*"
    rf"(?P<secret>[^\s,;]{{4,60}}?){CLAUSE}",
    r"\b(?:it['\u2019]?s|it is|has|was)(?: always| ever| just)?(?: been)? "
    r"(?P<secret>[^\s,;]{4,60}?), (?:my|our|the) (?:[\w-]+ )?(?:password|pass|pw|passcode)\b",
    rf"(?:^|[\n,;/|]\s*)pass:\s*(?P<secret>[^\s,;]{{4,60}}?){CLAUSE}",
    r"\bmaiden name\b[^.!?\n]{0,12}\bis (?P<secret>(?-i:[A-Z])\w{2,40})(?=[^.!?\n]{0,40}\b"
    r"(?:security|secret|recovery) question\b)",
)
