"""The words around secrets: what they are called, what they open, and what is said about them.

Parts of regular expressions, to be compiled without regard to case.
"""

from __future__ import annotations

# What follows these is the name of a thing, not a secret: "password manager".
COMPOUND = (
    r"(?![\s-]*(?:managers?|generators?|reset\w*|polic\w+|hash\w*|fields?|prompts?|vaults?|hints?"
    r"|protect\w*|lengths?|strengths?|recovery|rules?|safes?|apps?|tools?|dialogs?|forms?|boxes"
    r"|changes?|file|less|holders?|requirements?|authentication|leaks?|breach\w*|cushions?"
    r"|board)\b)"
)
WORDY = (
    r"pas{1,2}[ -]?w(?:or|ro|r|o)?[dt](?:e?s)?|pass[ -]?phrases?|passcodes?|kennw[oö]rt(?:er)?"
    r"|mot de passe|mdp|contraseñas?|senha|wachtwoord|has[lł]o|lozinka|parola|heslo|salasana"
    r"|lösenord"
    r"|adgangskode|jelsz[oó]|[sş]ifre|пароль|zugangscode|pwd|psw|pw|(?:code|safe"
    r"|memorable)[ -]?word"
    r"|(?:security|secret)(?: question)?(?:['\u2019]s)? answers?"
    r"|answers? (?:to|for) (?:my|the|his|her|our|their) (?:[\w-]+ ){0,3}?(?:security|secret"
    r"|recovery)"
    r" questions?"
    r"|(?:wi-?fi|wlan|e-?mail|g?mail|laptop|computer|pc|mac|netflix|spotify|insta(?:gram)?|facebook"
    r"|router|network|login|account|admin|root|guest|portal|site|website|server|db|database|user"
    r"|ftp|ssh|vpn|zoom|exam|school|work|bank(?:ing)?|apple|google|icloud|steam|hotspot|amazon"
    r"|paypal)['\u2019s]{0,2} pass(?:es)?"
)
PLACE = (
    r"(?:(?:(?:front|back|side|garage|cellar|room|office|bike|shed|key|gym|gun|burglar|house|lock"
    r"|cash)"
    r"[ -]?)?(?:doors?|gates?|alarm|locker|safe|padlock|keypad|lock|lockbox|vault|pad|box)"
    r"|garage|entry|intercom|barrier|strongbox|suitcase|briefcase|shed)"
)
DIGITS = (
    rf"pin(?:[ -]?(?:code|number|no\.?))?s?|{PLACE}[ -]?(?:codes?|numbers?|combinations?|combos?)"
    r"|(?:entry|entrance|access|security|unlock|verification|login|log-?in|sign-?in|2fa|two-factor"
    r"|mfa"
    r"|sms|otp|one-time|backup|recovery|activation|confirmation|authenticat(?:or|ion)|reset"
    r"|building"
    r"|lobby|lift|elevator|parking|house|flat|office|room|gym|phone|tablet|ipad|laptop|sim|card"
    r"|cleaner"
    r"|guest|staff|master|visitor|wi-?fi|unlocking|disarm|puk)[ -]?codes?|combinations?|combo|cvv2?"
    r"|cvc2?|csc|puk[12]?|otp|tan|ssn|geheimzahl|social security(?: (?:number|no\.?))?|social"
    r"|(?:debit |credit |bank )?card numbers?"
    r"|account (?:number|no\.?)|routing number|sort code|passport (?:number|no\.?)"
    r"|(?:national insurance|ni|tax|national id|aadhaar|pesel|bsn)(?: (?:number|no\.?|id))"
)
KEYED = (
    r"(?:api|access|auth|authentication|bearer|secret|private|refresh|session|license|licence"
    r"|product|activation|recovery|encryption|wifi|wi-fi|wlan|wpa2?|network security|network"
    r"|router|bot"
    r"|client|cd|steam|game|serial|windows|office|webhook|signing|deploy|stripe|openai|bitlocker)"
    r"[ _-]?(?:access[ _-]?)?(?:keys?|tokens?|secrets?)|credentials|log-?ins?|creds|iban"
)
UNIT = (
    r"\s*(?:%|€|[a-z]*metres\b|m\b|cm\b|mm\b|km\b|kg\b|(?:times|bits?|bytes?|characters?|chars"
    r"|digits?|lines?"
    r"|letters?|words?|years?|days?|hours?|minutes?|seconds?|weeks?|months?|euros?|eur|usd|dollars?"
    r"|pounds|people|pieces|files?|pages?|steps?|pins|keys|locks|doors|users?|points?|tokens?)\b)"
)
NUMBER_WORD = (
    r"(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|double|triple|ten|eleven"
    r"|twelve"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty|forty|fifty|sixty|seventy|eighty"
    r"|ninety)"
)

# Words that people use to speak about passwords; none of them is taken for one.
ORDINARY_WORDS = """
    a about above accepted again against all almost alphanumeric already also always amazing
    an and annoying another any anymore anything anywhere are as at available awesome awful
    awkward back bad bananas based basically be because been before being below best better
    between big blank bool boring both broken but by bytes called can case case-sensitive
    changeable char characters chosen clean clear common complete complex complicated
    compromised confidential confusing cool correct crazy critical crucial cryptic current
    cute dead default different difficult digits dreadful dumb each easier easy either else
    elsewhere empty encrypted enough essential even ever every everyday everything everywhere
    exactly extra false far fine first for forever forgotten fresh from frozen fun funny
    garbage gibberish gone good great guessable handy hard harder hash hashed he her here hers
    hidden his hopeless horrible how huge i identical if immediately important impossible in
    incomplete incorrect insecure inside int interesting into invalid is it its itself just
    kept key kind known lame last later less letters like literally long longer lost lowercase
    mandatory maybe me memorable mine minimum missing mixed more most much my name near
    necessary neither never new next nice no non-existent none nonexistent nonsense normal not
    nothing now nowhere null number numbers obvious odd of off often ok okay old older on once
    one only open optional or our ours out outdated over own password-protected perfect
    personal plain poor possible pretty private probably problem proven public quite random
    rather ready real really required reset ridiculous right rubbish safe safer same saved
    secret secure sensitive sent set several shared she short shorter should shown silly
    simple since single so solid some somehow something somewhere soon special spoken stale
    still stolen stored str string strong stronger strongest stuck stupid such super supposed
    sure synced taken tedious temporary terrible terrific text than that the their them then
    there these they thing this those though tiny to today together tomorrow tonight too top
    tough trash tricky trivial true twice ugly unbreakable unchanged unclear undefined under
    unimportant unique unknown unsafe unsecured unset until up upper uppercase us useful
    useless usual valid varchar very visible vital vulnerable was way weak weaker weird well
    were what when where whether which while who why with within without words written wrong
    yes yet you your yours
"""
ORDINARY = frozenset(ORDINARY_WORDS.split())

# What people say around a secret.
CODE = (
    r"(?P<secret>[#*]?\d(?:[ -]?\d){3,9}[#*]?"
    r"|(?-i:[A-Z]*\d[A-Z0-9]*\d[A-Z0-9]*#?))(?![\w-]|[.,:]\d)"
)
TURN = r"(?:right|left|[rl]|(?:anti-?|counter-?)?clockwise)"
DIAL = rf"(?:{TURN}\s*(?:to\s+)?)?\d{{1,2}}(?:\s*(?:to the\s+)?{TURN}\b)?"
LOGIN = (
    r"\b(?:log-?ins?|user(?:name)?|credentials|creds|log(?:ged|s)? in|sign in"
    r"|account|wi-?fi|wlan)\b"
)
# Each holds the secret in a group. Those of the first tuple need the look of a password as well.
SPOKEN_PASSWORD = (
    rf"{LOGIN}[^!?\n]{{0,80}}?\b(?:pass|pw|code|key)\b\W{{1,3}}(?:is\s+)?(?P<secret>\S{{6,}})",
    r"(?<!\S)(?P<secret>\S{6,80}) (?:is|are) (?:the|my) (?:log-?in|credentials|creds)\b",
    r"\b(?:laptop|phone|computer|tablet|ipad|pc|mac)\s+(?:un)?(?:locks?"
    r"|opens?)\s+with\s+(?P<secret>\S{6,})",
    rf"{LOGIN}[^.!?\n]{{0,60}}?(?:\b(?:is|are|as|with)\b|[:=]|\bin\b)\s*[^\s,/]+(?:\s*[,/;+|]\s*"
    rf"|\s+(?:and|with"
    r"|then)\s+)(?P<secret>\S{6,})",
)
SPOKEN_CODE = (
    r"\b(?:user(?:name)?|login|network|ssid)[:\s]\s*(?:\S*[\d@.]\S*|\S+,)\s+(?:and\s+)?(?:password"
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
    r"\b|(?:gets?|lets?)\s+(?:you|me|us)\s+(?:in|through|past)\b|to\s+(?:sign|log|verify|confirm"
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
)
