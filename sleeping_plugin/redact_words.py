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
    r"|l[öo]senord(?:et)?|passord(?:et)?|clave"
    r"|adgangskoden?|jelsz[oó]|[sş]ifre|пароль|zugangscode|pwd|psw|pw|(?:code|safe"
    r"|memorable|magic)[ -]?word|secret[ -](?:phrase|code)"
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
    r"|garage|entry|intercom|barrier|strongbox|suitcase|briefcase|shed|cabinet|cupboard|till"
    r"|store ?room|stock ?room|drug room|dorm|clinic|chest)"
)
DIGITS = (
    rf"pin(?:[ -]?(?:code|number|no\.?))?s?|{PLACE}[ -]?(?:codes?|numbers?|combinations?|combos?)"
    r"|(?:entry|entrance|access|security|unlock|verification|login|log-?in|sign-?in|2fa|two-factor"
    r"|mfa"
    r"|sms|otp|one[ -]time|backup|recovery|activation|confirmation|authenticat(?:or|ion)|reset"
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

# Cues of other languages, where "a" and the like are articles.
FOREIGN = r"senha|clave|contraseñ|has|lozinka|parola|heslo|salasana|mot de|mdp|wachtw|jelsz|parol"
