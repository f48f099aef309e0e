"""What is a secret and what is plain English: pytest tests/test_redact.py"""

from __future__ import annotations

import itertools
import json
import logging
import netrc
import random
import re
import string
import tokenize
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin.redact import REDACTED, RedactingFilter, find_secrets, redact

# The secrets are between braces.
SECRETS = r"""
my password is {hunter2}
the wifi password at work is {Tr0ub4dor&3}
PIN {4921}
My PIN is {4921}.
my pin is {4 9 2 1}
my pin is {four nine two one}
My Netflix password is {swordfish} and my dog is Rex
my password is {correct horse battery staple}
The password is "{open sesame}".
my password's {hunter2}, don't tell anyone
Password: {swordfish}
**Password:** {hunter2}
password: {hunter2}
password={hunter2}
"password": "{hunter2}"
{hunter2} is my wifi password
{4921} is my PIN
Use {hunter2} as the password.
I changed my password to {hunter2} yesterday
I set the PIN to {4921}
log in with user anna and password {hunter2}
The password for my bank account at Chase is {blue42elephant}
My email password, by the way, is {sunflower99}.
The door code is {#4821}
The gate code is {47B9#}
the safe combination is {12-34-56}
my CVV is {123}
I'll give you the wifi password. It's {Tr0ub4dor&3}.
my netflix password is {sunflower} and my wifi one is {tulip99}
my passwords are {hunter2} and {swordfish7}
My backup codes are {1234-5678}, {8765-4321}
my api key is {sk-proj-abcdefghijklmnopqrstuvwx}
export OPENAI_API_KEY={abcd1234efgh5678}
DB_PASSWORD: {s3cr3tpw}
api_key="{abcd1234efgh}"
https://{anna:hunter2}@example.com/path
postgres://{anna:s3cret}@localhost:5432/db
https://example.com/?access_token={abcdef123456&x=1}
my card is {4111 1111 1111 1111}, exp 12/27
{4111-1111-1111-1111}
{378282246310005}
my IBAN is {DE89 3704 0044 0532 0130 00} thanks
{GB82WEST12345698765432}
{be68 5390 0754 7034} is the account
Authorization: Bearer {abcDEF123456ghiJKL789}
{AKIAIOSFODNN7EXAMPLE}
my seed phrase is {witch collapse practice feed shame open despair creek road again ice least}
mein Passwort ist {Sommer2024}
mon mot de passe est {soleil77}
my password is not {hunter2} anymore
my password is still {hunter2}
my social security number is {123-45-6789}
my password is {password}
My password is {blue elephant}.
Our wifi password is {guacamole}
My alarm code is {0000}
login: anna password: {Zebra!9}
the password you need is {hunter2}
my laptop passcode is {991122}
my password is {123456}
His password is {fluffy}.
Your password is {hunter2}. Anything else?
Remember that my password is {hunter2}, ok?
the wifi password: {swordfish}
my pin code: {1234}
--password {hunter2}
my wifi key is {8F3kd92jsl}
my password is {$ecret1}
PASSWORD='{-x9%&k}'
the code for the alarm is {73 18 40}, then the green key
The drug room door is {C2580X}, I say it over and over
And the gate has one of them keypads now, {9-0-4-4} and the pound key.
what's the code? it's {4482}
The gate code? {4471}.
What's the wifi password again? It's {guacamole}.
Front door code {4471#}, back door {8812}
codes: {4471} for the gate, {2580} for the alarm
{4471} opens the gate
Punch in {2580} at the door.
my locker is {right 34, left 12, right 7}
The safe combination: {32 - 5 - 17}
the combination for my bike lock is {4-8-1-5}
combo is {12, 30, 7}
the PIN for my card, it's {4921}
my SIM pin's {2580}, don't laugh
{4921}, that's my PIN
I unlock my phone with {258013}
the pin of the SIM is {0417}
my card pin is {forty-four eighty-two}
wifi pass is {QmTnWxRd93} remind me
my email pass is {guacamole}
pw: {hunter2}
the pw is {swordfish}
passwort: {Sommer2024}
my pasword is {hunter2}
login mara pass {Contra%1926x}
login leo@paperherons.example pass {Contra%1926x}, could you upload it?
my login for the marking portal is cgrey and {Basalt!7788}.
For the exam site I log in as mara with {Blue7fox}.
My password is {Maple Leaf 42 Bridge}
curl -H "X-Api-Key: {9f8e7d6c5b4a}" https://api.example.com
curl -H "Authorization: Token {9f8e7d6c5b}" https://api.example.com
curl -u mara:{s3cretpw} https://api.example.com
export STRIPE_KEY={abcd1234efgh}
https://example.com/v1?api_key={abcd1234efgh}
https://hooks.slack.com/services/{T00000000/B00000000/abcdefabcdef}
https://api.telegram.org/{bot123456789:AAabcdefghijklmnopqrstuvwxyz0123456}/sendMessage
my card is {4111.1111.1111.1111}
my card is {4111/1111/1111/1111}
my visa: {41 11 11 11 11 11 11 11}
card number {4111 - 1111 - 1111 - 1111}
my IBAN: {DE89.3704.0044.0532.0130.00}
my IBAN is {DE12 3704 0044 0532 0130 99}
the three digits on the back are {481}
cvv {481}
My social is {123 45 6789}
here: {123-45-6789}
Your verification code is {482913}.
{482913} is your verification code
Use {482913} to verify your account
My Windows license key is {W269N-WFGWX-YVC9B-4J6C9-T83GX}
the license key is {ABCD EFGH 1234 5678}
The answer to my security question is {Fluffy}.
security question is my first pet, answer: {Fluffy}
the code word is {pineapple}
12 words: {witch, collapse, practice, feed, shame, open, despair, creek, road, again, ice, least}
"""

# Talk about passwords, numbers and code: none of it holds a secret.
HARMLESS = r"""
my favourite word is password
I forgot my password and had to reset it twice.
My password is too long.
My password is always something I forget.
A good password is long.
a strong password is important
The password is case sensitive.
The password is wrong, and the PIN is wrong too.
Your password is stored in plain text, which is bad.
I can't remember what my password is anymore.
do you know what my password is
Tell me what the password is please.
If my password is compromised I change it.
Whenever the password is requested, press Enter.
the password to success is patience
The key to happiness is good coffee.
We pinned the photo to the wall; the pin is made of gold.
She collects enamel pins and a 1950s hat pin.
Pin 13 on the Arduino is an output.
Connect pin 4 to ground.
The pin is stuck.
What is your PIN number?
My password manager is 1Password and before that KeePass2.
I use Bitwarden as my password manager.
That is my password policy.
Security is my password to sleeping well.
The post code is SW1A 1AA and the area code is 0151.
The zip code is 90210.
The error code is 404, the exit code is 137.
The dress code is casual.
My source code is on GitHub.
Her secret is that she hates opera.
The secret of a good bread is time.
It's no secret that Porto is my favourite city.
The combination of red and green is nice.
The combination is unusual: 3 eggs and 200 g of flour.
Use 8-16 characters in your password.
My password is 12 characters long.
My password was changed in 2019.
A 12-character password is better than an 8-character one.
The password expired on 2024-03-12.
Passwords are annoying.
Passwords: a short history
password: str
DB_PASSWORD=${DB_PASSWORD} TOKEN=$CI_TOKEN password="<your password>" password="******"
password: Optional[str] = None
def login(user: str, password: str = "") -> bool:
password = getpass.getpass("Password: ")
self.password = config.password
max_tokens=4096, temperature=0.7
token_ids = tokenizer.encode(text)
api_key=os.environ["OPENAI_API_KEY"]
api_key = settings.api_key
export TOKENIZERS_PARALLELISM=false
convertUtf8ToBase64StringV2(x)
blk.7.ffn_down.weight has shape 576x1536
SmolLM2-135M-Instruct-Q4_K_M.gguf
Meta-Llama-3.1-8B-Instruct-Q4_K_M
IQ2_XXS-b3400-Qwen2-7B-Instruct-GGUF
commit 3e9fc79a1b2c3d4e5f60718293a4b5c6d7e8f901
sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
uuid 123e4567-e89b-12d3-a456-426614174000
the colour is #ff8800 or #A1B2C3
see https://docs.google.com/document/d/1A2b3C4d5E6f7G8h9I0jKlMnOpQrStUvWxYz12345/edit
write to anna.kowalska@example.com
My phone number is +49 151 23456789.
call 020 7946 0958
ISBN 978-3-16-148410-0
ISBN 9783161484100
tracking number 1Z999AA10123456784
My flight is LH1234 and my train is ICE 599.
born on 12 March 1984 at 04:30
The year 1984 was good; 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
4 8 15 16 23 42 4 8 15 16 23 42
timestamp 1732190725123
pi is 3.14159265358979323846
I work at AT&T in R&D and program in C++ and C#.
Basic understanding of thermodynamics is required.
Bearer of bad news, as always.
The login is broken.
Her login page is slow.
My login: still broken
credentials are required
access token: what is that?
The private key is kept on the server.
An API key is needed for that.
The wifi password is on the fridge.
The wifi password is written on the router.
My wifi password is the name of my cat.
my password is my dog's name
Is my password secure?
My password is stupidly simple.
My password is embarrassing.
Her password was stolen.
the password isn't working
My passwords are all different.
my password is not important
my password is not rocket science
Entering the password is tedious.
Resetting your password is easy.
The field "password" is "required".
type="password" name="password"
Write the word password on the board.
The film Swordfish has a password scene.
I set up a password in 2019 on my iPhone15 and MacBook2019.
My card is declined, my bank is DKB.
I have 4 cards and 2 pins.
SWIFT code DEUTDEFF
Our anniversary is on 2010-06-19 and the PIN was delivered by post.
He typed his password and went to lunch at 12:30.
John Smith, Müller-Lüdenscheidt, O'Brien, McDonald, DeAndre
GB is short for Great Britain; DE89 is not an account.
My sister Mara lives in Lisbon; her cat is called Pixel.
Windows11 asks for a pin or a password at login 3 times.
The password hint is the name of my first teacher.
Password-protected files are annoying.
I told him: the password is nothing without the username.
Their password is longer than mine.
My password is in my head.
my password is basically the alphabet
the new password is even worse
The PIN is four digits long.
My pin is one of those you can't guess.
the wifi password is really easy to remember
The password is asked for twice.
The access code is valid for 24 hours.
The verification code is sent by SMS within 30 seconds.
My seed order: basil, thyme, dill, chives, mint, sage, kale, leek, peas, corn, beet, rye, oats
We went bowling and I knocked down nine bowling pins.
My code does not compile.
I passed the exam with 87 points.
The key to success is 10000 hours of practice.
The code is 4000 lines long.
The code is 1200 lines, most of it tests.
My code runs on Python3 and Windows11.
The code for the parser is in parse.py.
The code of conduct is on page 1200.
Error code 4040 means that the page is missing.
We meet at the gate at 1830.
The gate is B12 and boarding is at 18:45.
My locker is next to the door.
The door is 1200 mm wide.
The front door is red and the gate is green.
The house was built in 1904 and the door is original.
The alarm is at 6:30.
My alarm goes off at 7 every day.
The safe was 1200 euros.
The safe is too heavy to move.
The combination of 3, 4 and 5 makes a right triangle.
A combination lock has a dial.
The bike lock weighs 1500 g.
I lost the key of the shed in 2019.
I need the key for room 1204.
The key of this piece is C minor.
The piano has 88 keys.
Press any key to go on.
I was born in 1984, and the password was my idea.
I pinned 1200 butterflies.
My PIN arrived in 2019 with a letter.
I forgot my PIN again, on 12 March 2024.
The Brenner pass is 1370 m high.
The pass is closed in winter.
My bus pass is in my wallet.
Can you pass the salt?
The ski pass is expensive this year.
He made a pass at goal in minute 88.
I live at 4471 Elm Street, and the gate code is new.
The bus 4471 stops at the lock.
The dress code is black tie.
Her postcode is BS6 5QA.
The promo code was not accepted.
The password for happiness is nothing more than a joke.
The password reset mail never came.
What's my password? I have no idea.
What's the code? I forgot.
What is the code for? The door?
Do you lock the door at night?
The canal has 29 locks and the longest lock is 1820 feet away.
The social was fun, 45 people came.
My social life is quiet.
My login is slow and the printer is broken.
I logged in with my phone and went home.
The account is with a bank in Leipzig.
I use the wifi at the library on Tuesdays.
The secret word in the crossword was hard to find.
The security question is silly.
The answer to the question is 42.
The seed phrase is written on a card that lies in the blue tin box under the old oak desk upstairs
I have 24 words to learn for French class tomorrow and none of them are easy to say out loud
The recipe makes 24 pieces; the lock of her hair is brown.
The score was 4-2-3-1 on paper and we lost.
He played 4-4-2, the coach holds the key.
I ran 42 km and my number was 1204.
The flat is 1200 a month and the bus is number 42.
The serial novel has 12 parts.
My insurance costs 1200 a year, and the card is blue.
I paid 1500 for the alarm and 200 for the lock.
The tan is from Portugal; 4000 of us were there.
The token economy of 2021 is over.
We have two pads, 1 box and a barrier of 3 m.
"""

PROSE = """
On the second Saturday of October we drove out to the coast before sunrise, because Mara wanted to
photograph the boats and Kaito had promised his grandmother a bag of mussels. The road was empty
apart from a milk lorry. We stopped in Viana do Castelo for coffee; the owner, a tall man called
Mr. Almeida-Whitcombe, remembered my sister from 2011 and refused to let her pay. He has run the
place since 1987, he said, first with his brother Zé, then alone. By half past nine the harbour was
loud. Two students from Leipzig asked us whether the ferry to Caminha still ran on Sundays (it does
not, at least not between 1 November and 31 March), and a boy sold us postcards at 3 for 2.50 EUR.

I work as a hydrologist at the university in Porto, in a team of seven. My desk is number 14B, my
bicycle is a green Peugeot from 1979, and my favourite word is "serendipity", though my niece says
that it should be "password". I have been allergic to walnuts since I was six years old. My doctor,
Dr. O'Hanlon, moved to flat 3C, 221 Baker Street, in May; her practice opens Mon-Fri 08:30-17:00.
We celebrate our anniversary on 19/06, our dog Pixel turned 4 on 2024-02-29, and the mortgage, which
is with a small bank, runs until 2041. In the evenings I read, at the moment "Middlemarch" for the
third time, or I play chess on my phone and lose about 60% of the games. My rating is 1487.

The key thing about sourdough is patience: 500 g of flour, 350 ml of water, 10 g of salt, and a
starter that you feed every day at the same time. My secret is a spoon of honey. Bake it at 240 C
for 20 minutes, then at 210 C for another 25. If the crust sounds hollow when you tap it, it is
done; if not, give it five more minutes. A friend's combination of rye and spelt works even better.

Last year I learned some Python and I can now read code such as `max_tokens`, `token_type_ids`,
`getUserByEmailAddress`, `blk.7.ffn_down.weight` or `DEFAULT_BUFFER_SIZE`. I still mix up UTF-8 and
ISO-8859-1, I never remember what SHA-256 stands for, and my laptop (a ThinkPad X1 Carbon Gen 9 with
16GB of memory and an i7-1165G7) complains when I open more than forty tabs. The login page of our
library is slow, its password rules are absurd, and I pinned a note about it to the door of room 4.
"""


@pytest.mark.parametrize("line", SECRETS.strip().splitlines())
def test_a_secret_is_taken_out_and_the_rest_stays(line: str) -> None:
    assert redact(re.sub("[{}]", "", line)) == re.sub("{.*?}", REDACTED, line)


@pytest.mark.parametrize("line", HARMLESS.strip().splitlines())
def test_talk_that_holds_no_secret_stays_as_it_is(line: str) -> None:
    assert redact(line) == line


@pytest.mark.parametrize("paragraph", PROSE.strip().split("\n\n"))
def test_ordinary_prose_is_never_flagged(paragraph: str) -> None:
    assert find_secrets(paragraph) == []
    assert find_secrets(paragraph.replace("\n", " ")) == []
    assert find_secrets(json.dumps(paragraph)) == []


@pytest.mark.parametrize("module", [json.decoder, logging, netrc, pytest, random, re, tokenize])
def test_code_is_never_flagged(module: ModuleType) -> None:
    assert find_secrets(Path(str(module.__file__)).read_text(encoding="utf-8")) == []


def test_private_keys_vanish_whole_even_without_their_end() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nAAAA\n"
    end = "-----END OPENSSH PRIVATE KEY-----"
    assert redact(f"my key:\n{key}{end}\nbye") == f"my key:\n{REDACTED}\nbye"
    assert redact(f"my key:\n{key}") == f"my key:\n{REDACTED}"
    public = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"
    assert redact(public) == public


@pytest.mark.parametrize("number", ["4111111111111111", "5500000000000004", "340000000000009"])
def test_a_card_number_in_a_row_is_one_only_with_its_check_digit(number: str) -> None:
    assert redact(f"pay with {number} now") == f"pay with {REDACTED} now"
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert redact(f"pay with {wrong} now") == f"pay with {wrong} now"


@pytest.mark.parametrize(
    "number", ["4111 1111 1111 1112", "5500-0000-0000-0005", "3400 000000 00008"]
)
def test_a_card_number_as_printed_is_one_though_a_digit_is_mistyped(number: str) -> None:
    assert redact(f"it keeps refusing {number}, why?") == f"it keeps refusing {REDACTED}, why?"
    longer = f"{number} 1234 5678"  # no card has so many groups
    assert redact(f"row {longer}") == f"row {longer}"


@pytest.mark.parametrize(
    "account",
    ["DE89370400440532013000", "NO93 8601 1117 947", "gb82 west 1234 5698 7654 32"],
)
def test_a_bank_account_is_one_only_with_its_check_digits(account: str) -> None:
    assert redact(f"send it to {account} and tell me") == f"send it to {REDACTED} and tell me"
    wrong = account[:-1] + str((int(account[-1]) + 1) % 10)
    assert redact(f"send it to {wrong} and tell me") == f"send it to {wrong} and tell me"


@pytest.mark.parametrize("symbols", ["", "+/", "-_"])
def test_most_tokens_drawn_at_random_are_found_without_a_cue(symbols: str) -> None:
    draw = random.Random(1)
    alphabet = string.ascii_letters + string.digits + symbols
    tokens = ["".join(draw.choices(alphabet, k=40)) for _ in range(500)]
    found = sum(REDACTED in redact(f"here: {token} ok") for token in tokens)
    assert found >= 0.9 * len(tokens)


@given(st.text(max_size=200))
def test_redaction_twice_is_redaction_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


WORDS = ["password", "PIN", "is", "my", "the", ":", "=", "and", "to", ".", "one", "\n", "api key"]
VALUES = ["hunter2", "4921", "swordfish", '"a b"', "Tr0ub4dor&3", REDACTED, "DE89", "https://a:b@c"]


@given(st.lists(st.sampled_from(WORDS + VALUES), max_size=12), st.sampled_from(["", " "]))
def test_redaction_twice_is_redaction_once_around_cues_too(words: list[str], gap: str) -> None:
    text = gap.join(words)
    assert redact(redact(text)) == redact(text)


@given(st.text(max_size=100), st.text(max_size=100))
def test_spans_are_in_order_and_do_not_overlap(before: str, after: str) -> None:
    text = f"{before} my password is hunter2 {after}"
    spans = find_secrets(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


@given(st.from_regex(r"[a-z]{4,10}[0-9]{2,4}[A-Z]?", fullmatch=True))
def test_whatever_has_a_digit_and_follows_my_password_is_taken_out(secret: str) -> None:
    assert secret not in redact(f"By the way, my wifi password is {secret}, okay?")


def test_log_records_are_redacted_with_their_arguments_and_tracebacks() -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "password: %s", ("hunter2",), None)
    assert RedactingFilter().filter(record)
    assert record.getMessage() == f"password: {REDACTED}"
    try:
        raise ValueError("my password is hunter2")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "failed", (), info)
    RedactingFilter().filter(record)
    text = logging.Formatter().format(record)
    assert f"ValueError: my password is {REDACTED}" in text
    assert "hunter2" not in text
