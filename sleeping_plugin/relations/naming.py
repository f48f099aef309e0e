"""How to ask for a name: the user's own, a person's, an animal's, a thing's."""

from __future__ import annotations

from sleeping_plugin.relations.grammar import words
from sleeping_plugin.relations.relation import Relation

OWN_NAME = Relation(
    "name",
    (
        "What is my name?",
        "Who am I?",
        "What am I called?",
        "What do people call me?",
        "How should you address me?",
        "What name do I go by?",
        "Who are you talking to?",
        "What is my first name?",
        "How did I introduce myself to you?",
        "Which name did my parents give me?",
        "What would I write on a form after 'name'?",
        "If you greeted me, which name would come after 'Hello'?",
    ),
    "Your name is {V}.",
    ("what my name is", "what I am called", "who I am"),
    ("name", "first name"),
    ("My name is", "I am called", "People call me"),
)

PERSON_NAME = Relation(
    "name",
    (
        "What is {P} name?",
        "What {be} {S} called?",
        "Who {be} {S}?",
        "What name {do} {S} go by?",
        "What is {P} first name?",
        "What do people call {O}?",
        "How would you introduce {O} by name?",
        "What name should I write on a card for {O}?",
        "Which name belongs to {O}?",
        "Who do I mean when I say {S}?",
    ),
    "{P} name is {V}.",
    ("what {P} name is", "what {S} {be} called", "who {S} {be}"),
    ("name", "first name"),
    ("{P} name is", "{S} {be} called"),
)

PET_NAME = Relation(
    "name",
    (
        "What is {P} name?",
        "What {be} {S} called?",
        "What did I name {O}?",
        "Which name {do} {S} listen to?",
        "What do I call {O}?",
        "What would I shout to call {O} home?",
        "Who {be} {S}?",
        "What name is on file at the vet for {O}?",
        "Which name did {S} get?",
        "How do I call {O} when there is food?",
    ),
    "{P} name is {V}.",
    ("what {P} name is", "what {S} {be} called", "what I named {O}"),
    ("name", "given name"),
    ("{P} name is", "{S} {be} called"),
)

THING_NAME = Relation(
    "name",
    (
        "What is {P} name?",
        "What {be} {S} called?",
        "How {be} {S} named?",
        "What did I say {S} {be} called?",
        "Which name {do} {S} have?",
        "By what name {be} {S} known?",
        "What do I call {O}?",
    ),
    "{P} name is {V}.",
    ("what {P} name is", "what {S} {be} called", "how {S} {be} named"),
    ("name", "title"),
    ("{P} name is", "{S} {be} called"),
)

PETS = words(
    """
    dog cat puppy kitten pup kitty tomcat bird parrot budgie canary cockatiel hamster rabbit
    bunny guinea-pig horse pony mare gelding fish goldfish turtle tortoise snake lizard gecko
    iguana rat mouse ferret chicken hen rooster duck goose goat sheep cow donkey pig alpaca
    llama chinchilla hedgehog parakeet macaw cockatoo axolotl spider tarantula pet frog bee
    bees labrador retriever poodle beagle dachshund terrier spaniel collie shepherd husky pug
    bulldog boxer corgi greyhound whippet schnauzer rottweiler doberman chihuahua dalmatian
    setter pointer mastiff malamute pomeranian vizsla weimaraner lurcher mutt mongrel hound
    cockapoo labradoodle siamese persian ragdoll sphynx tabby bengal shih-tzu bichon maltese
    samoyed akita
    """
)

# What else one may ask for somebody, beside "What is my sister's name?". Written for "my ...".
ROLE_ASKS: dict[str, tuple[str, ...]] = {
    "wife": (
        "Who am I married to?",
        "Which woman did I marry?",
        "Who is my spouse?",
        "Who is the lady of my life?",
    ),
    "husband": (
        "Who am I married to?",
        "Which man did I marry?",
        "Who is my spouse?",
        "Who is the gentleman I exchanged vows with?",
    ),
    "spouse": ("Who am I married to?", "Who did I marry?", "Who is my wife or husband?"),
    "partner": (
        "Who am I in a relationship with?",
        "Who is my significant other?",
        "Who do I share my life with?",
        "Who am I together with?",
    ),
    "girlfriend": (
        "Who am I dating?",
        "Which woman am I in love with?",
        "Who is my significant other?",
        "Who am I together with?",
    ),
    "boyfriend": (
        "Who am I dating?",
        "Which man am I in love with?",
        "Who is my significant other?",
        "Who am I together with?",
    ),
    "fiancee": ("Who am I engaged to?", "Which woman will I marry?", "Who is my bride?"),
    "fiance": ("Who am I engaged to?", "Who will I marry?", "Who is my groom?"),
    "sister": (
        "What is the girl in my family called who has the same parents as me?",
        "Who is my female sibling?",
        "Which daughter do my parents have besides me?",
        "What do I call my sis?",
    ),
    "brother": (
        "Who is my male sibling?",
        "Which son do my parents have besides me?",
        "What do I call my bro?",
        "What is the boy called who has the same parents as me?",
    ),
    "mother": ("Who gave birth to me?", "What is my mum's name?", "Who is my mom?"),
    "father": ("What is my dad's name?", "Who is my dad?", "Whose child am I on the male side?"),
    "daughter": (
        "Which name did I choose for my girl?",
        "What did I call my little girl?",
        "Which girl calls me her parent?",
        "Who is my female child?",
    ),
    "son": (
        "Which name did I choose for my boy?",
        "What did I call my little boy?",
        "Which boy calls me his parent?",
        "Who is my male child?",
    ),
    "child": ("What is my kid called?", "Who calls me parent?"),
    "children": ("What are my kids called?", "Which names did I give my sons and daughters?"),
    "parents": ("What are my mum and dad called?", "Who raised me?"),
    "grandmother": ("What is my gran called?", "Who is my parent's mother?"),
    "grandfather": ("What is my grandad called?", "Who is my parent's father?"),
    "aunt": ("Who is the sister of one of my parents?", "Which auntie do I have?"),
    "uncle": ("Who is the brother of one of my parents?",),
    "cousin": ("Who is the child of my aunt or uncle?", "Which relative is my cousin?"),
    "niece": ("Who is the daughter of my sibling?",),
    "nephew": ("Who is the son of my sibling?",),
    "friend": ("Which pal of mine did I mention?", "Who is my mate?", "Who is my buddy?"),
    "best friend": (
        "Who is my closest mate?",
        "Which pal do I trust the most?",
        "Who is my bestie?",
        "Who is closer to me than all my other mates?",
    ),
    "boss": (
        "Who do I report to?",
        "Who is my manager?",
        "Who supervises me at work?",
        "Who tells me what to do in the office?",
        "Who is in charge of my team?",
    ),
    "manager": ("Who is my boss?", "Who do I report to?", "Who leads my team?"),
    "colleague": ("Who is my coworker?", "Who works beside me?", "Which workmate do I have?"),
    "coworker": ("Who is my colleague?", "Who works beside me?", "Which workmate do I have?"),
    "neighbour": ("Who lives next door to me?", "Who lives beside my home?"),
    "roommate": ("Who do I share a flat with?", "Who is my flatmate?", "Who lives with me?"),
    "landlord": ("Who do I rent from?", "Who owns the place I rent?"),
    "doctor": ("Who treats me when I am ill?", "Which physician do I see?", "Who is my GP?"),
    "dentist": ("Who looks after my teeth?", "Who fixes my cavities?"),
    "therapist": ("Who do I talk to in therapy?", "Who runs my counselling sessions?"),
    "teacher": ("Who gives me lessons?", "Who do I learn from?"),
    "coach": ("Who trains me?", "Who is my trainer?"),
    "dog": (
        "Which name does my four-legged friend bark to?",
        "Who do I take for walks on a lead?",
        "What is my hound's name?",
        "What did I name my pooch?",
    ),
    "cat": (
        "Which name did I give my kitty?",
        "Who purrs at my home?",
        "What is my feline called?",
        "What do I call my moggy?",
    ),
    "horse": ("Who do I saddle up?", "What is my steed called?"),
    "puppy": ("What is my dog called?", "Who do I take for walks on a lead?"),
    "kitten": ("What is my cat called?", "Who purrs at my home?"),
    "parrot": ("What is my feathered friend called?", "What is my bird's name?"),
}

SYNONYMS = {
    "mum": "mother", "mom": "mother", "mommy": "mother", "mummy": "mother", "mam": "mother",
    "dad": "father", "daddy": "father", "papa": "father",
    "grandma": "grandmother", "granny": "grandmother", "gran": "grandmother",
    "nan": "grandmother", "nana": "grandmother", "oma": "grandmother",
    "grandpa": "grandfather", "grandad": "grandfather", "granddad": "grandfather",
    "opa": "grandfather",
    "neighbor": "neighbour", "flatmate": "roommate", "housemate": "roommate",
    "co-worker": "coworker", "workmate": "colleague",
    "fiancée": "fiancee", "fiancé": "fiance", "kid": "child", "kids": "children",
    "big sister": "sister", "little sister": "sister", "older sister": "sister",
    "younger sister": "sister", "big brother": "brother", "little brother": "brother",
    "older brother": "brother", "younger brother": "brother", "twin sister": "sister",
    "twin brother": "brother", "supervisor": "boss", "gp": "doctor", "mate": "friend",
    "elder sister": "sister", "elder brother": "brother", "sis": "sister", "bro": "brother",
    "hubby": "husband",
}  # fmt: skip

PEOPLE = (
    "my sister", "my brother", "my mother", "my father", "my wife", "my husband", "my partner",
    "my daughter", "my son", "my cousin", "my aunt", "my uncle", "my niece", "my nephew",
    "my grandmother", "my grandfather", "my best friend", "my boss", "my colleague",
    "my neighbour", "my roommate", "my landlord", "my doctor", "my dentist", "my teacher",
    "my coach", "my girlfriend", "my boyfriend", "my godmother", "my hairdresser",
)  # fmt: skip

PLACES_AND_THINGS = words(
    """
    boat car van bike house band company shop bakery cafe restaurant farm garden school team
    club street village startup blog channel podcast book novel project robot guitar ship
    store business studio gallery practice salon firm agency dojo gym choir church
    """
)
