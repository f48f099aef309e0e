"""Closed word classes that the patterns lean on. Everything is lower case."""

from __future__ import annotations

from sleeping_plugin.relations.grammar import words
from sleeping_plugin.relations.naming import PETS, PLACES_AND_THINGS

MALE = words(
    """
    himself popsie
    da granda fellow chap bloke abuelo nonno tio papi vati ojiisan lolo dadu bf fella husband
    boyfriend hubby father dad daddy papa pops brother bro son grandfather grandpa grandad granddad
    gramps opa uncle nephew grandson stepfather stepdad stepson stepbrother godfather godson groom
    fiancé widower landlord king ex-husband father-in-law brother-in-law son-in-law half-brother
    foster-son great-uncle great-grandfather boy guy lad great-grandson great-nephew
    """
)
FEMALE = words(
    """
    herself
    mammy mamaw abuela nonna babushka babcia yiayia tia mutti maman mami amma nani lola baba gf mrs
    missis wifey wife girlfriend missus mother mum mom mommy mummy mam mama sister sis daughter
    grandmother grandma granny gran nan nana nanna oma aunt auntie aunty niece granddaughter
    stepmother stepmum stepmom stepdaughter stepsister godmother goddaughter bride fiancée landlady
    ex-wife mother-in-law sister-in-law daughter-in-law half-sister great-aunt great-grandmother
    great-granddaughter great-niece
    girl lady
    """
)
NEUTRAL = words(
    """
    partner spouse fiance fiancee other-half child kid baby toddler teen teenager twin parent
    sibling cousin grandchild grandkid grandparent godchild great-grandchild
    godparent relative friend mate buddy
    pal bestie boss manager supervisor colleague coworker co-worker workmate teammate
    crewmate shipmate labmate batchmate deskmate housekeeper curate assistant
    secretary intern apprentice mentor mentee student pupil teacher tutor professor lecturer coach
    trainer instructor therapist psychologist psychiatrist counsellor counselor doctor gp physician
    dentist orthodontist dermatologist cardiologist surgeon oncologist midwife nurse
    physiotherapist physio chiropractor osteopath optician pharmacist vet groomer hairdresser
    barber stylist accountant lawyer solicitor attorney advisor adviser agent realtor broker banker
    plumber electrician mechanic gardener cleaner nanny babysitter childminder au-pair carer
    caretaker janitor tenant subtenant lodger roommate roomie flatmate housemate neighbour neighbor
    classmate schoolmate bandmate drummer singer guitarist bassist pen-pal penpal penfriend
    pen-friend client customer patient priest vicar pastor rabbi imam ex employer co-founder
    cofounder business-partner editor publisher director conductor captain principal headteacher
    headmaster postman milkman employee trainee helper fiddler organist cellist violinist rower
    sidekick wean newborn head family folks youngest eldest oldest firstborn middle-child kiddo
    """
)
PERSON_ROLES = MALE | FEMALE | NEUTRAL | {
    "other half", "better half", "significant other", "team lead", "team leader", "tech lead",
    "line manager", "project manager", "group leader", "deputy head", "head teacher", "ward sister",
    "best man", "godparent", "pen friend", "business partner", "running buddy", "chess partner",
}  # fmt: skip
PLURAL_ROLES = {
    "children": "child",
    "kids": "kid",
    "wives": "wife",
    "ladies": "lady",
    "babies": "baby",
    "aunties": "auntie",
    "grannies": "granny",
    "mice": "mouse",
    "puppies": "puppy",
    "ponies": "pony",
    "bunnies": "bunny",
    "geese": "goose",
    "fishes": "fish",
    "canaries": "canary",
    "nannies": "nanny",
    "childs": "child",
    "collies": "collie",
    "grandchildren": "grandchild",
    "grandkids": "grandkid",
    "stepchildren": "stepchild",
}
IN_LAWS = "in-laws"
ROLE_MODIFIERS = words(
    """
    older elder eldest oldest younger youngest middle big little baby twin best closest good dear
    dearest old new late half step foster adopted adoptive only first second third ex former great
    godless childhood school university college work gym flat current future long-time longtime
     direct immediate line next-door upstairs downstairs beloved lovely teenage
    grown-up adult kid biological dad's mum's piano guitar violin cello singing dance yoga tennis
    swimming football soccer maths math english german french spanish music art chess driving
    riding running golf family pet rescue tabby black white ginger grey gray brown orange golden
    german-shepherd border guinea house toy miniature bearded budgie british persian maine jack
    russell st shiba cocker king cavalier scottish shetland calico fluffy chubby fat wee two three
    four five six both all three-legged one-eyed elderly senior young tiny small large female male
    feisty grumpy crazy
    """
)
SINGULAR_PETS = PETS | words(
    "python boa crow raven quail gerbil newt toad scorpion cobra owl falcon hawk peacock turkey "
    "stallion foal calf lamb piglet mule elkhound puli lagotto"
)
THINGS = PLACES_AND_THINGS | words(
    """
    truck lorry phone laptop computer tablet violin cello piano house flat apartment motorbike
    motorcycle bicycle scooter tractor camper campervan caravan motorhome yacht sailboat allotment
    group workshop circle kiosk stall bass accordion trumpet harp trombone saxophone flute clarinet
    studio atelier office cottage cabin university college practice brewery vineyard canoe kayak
    tent drone camera ship
    """
)
BREEDS = words(
    """
    labrador retriever poodle beagle dachshund terrier spaniel collie shepherd husky pug bulldog
    boxer corgi greyhound whippet schnauzer rottweiler doberman chihuahua dalmatian setter pointer
    mastiff malamute pomeranian vizsla weimaraner lurcher mutt mongrel hound cockapoo labradoodle
    siamese persian ragdoll sphynx tabby bengal shih-tzu bichon maltese samoyed akita springer lab
    labs staffie staffy westie yorkie jack-russell frenchie shiba cavalier lagotto ridgeback
    heeler koolie bluey
    sheepdog wolfhound bloodhound basset pekingese pinscher newfoundland podenco galgo kelpie
    """
)
MONTHS = words(
    """
    january february march april may june july august september october november december jan feb
    mar apr jun jul aug sep sept oct nov dec
    """
)
WEEKDAYS = words(
    """
    monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays
    fridays saturdays sundays
    """
)
NUMBERS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
LANGUAGES = words(
    """
    english german french spanish italian portuguese dutch swedish norwegian danish finnish
    icelandic estonian latvian lithuanian polish czech slovak slovenian croatian serbian bosnian
    bulgarian romanian hungarian greek turkish russian ukrainian belarusian georgian armenian
    arabic hebrew persian farsi urdu hindi punjabi bengali tamil telugu gujarati marathi malayalam
    kannada nepali sinhala thai vietnamese khmer lao burmese malay indonesian tagalog filipino
    chinese mandarin cantonese japanese korean mongolian kazakh uzbek swahili amharic somali yoruba
    igbo hausa zulu xhosa afrikaans catalan basque galician welsh irish gaelic scots breton latin
    esperanto albanian macedonian maltese luxembourgish yiddish kurdish pashto dari creole maori
    hawaiian quechua guarani tibetan javanese flemish cornish manx bsl asl
    """
)
NATIONALITIES = LANGUAGES | words(
    """
    american british scottish australian canadian mexican brazilian argentinian argentine chilean
    peruvian colombian venezuelan cuban jamaican haitian egyptian moroccan algerian tunisian libyan
    nigerian ghanaian kenyan ethiopian ugandan tanzanian senegalese south-african israeli lebanese
    syrian iraqi iranian jordanian palestinian saudi pakistani indian bangladeshi afghan sri-lankan
    singaporean taiwanese new-zealander kiwi austrian belgian swiss cypriot moldovan ecuadorian
    bolivian uruguayan paraguayan dominican
    """
)
NATIONALITIES -= words("latin esperanto bsl asl mandarin cantonese farsi gaelic yiddish creole")
RELIGIONS = words(
    """
    catholic protestant christian muslim jewish hindu buddhist sikh atheist agnostic lutheran
    methodist baptist anglican orthodox quaker mormon pagan presbyterian jain bahá'í baha'i
    """
)
ZODIAC = words(
    """
    aries taurus gemini leo virgo libra scorpio sagittarius capricorn aquarius pisces
    """
)
DIETS = words(
    """
    vegetarian vegan pescatarian pescetarian veggie flexitarian fruitarian carnivore omnivore keto
    halal kosher teetotal teetotaller plant-based gluten-free dairy-free lactose-free eggetarian
    """
)
INSTRUMENTS = words(
    """
    piano guitar violin viola cello bass double-bass flute clarinet oboe bassoon saxophone sax
    trumpet trombone tuba horn french-horn harp harpsichord organ accordion drums drum percussion
    ukulele banjo mandolin sitar tabla recorder harmonica keyboard keyboards bagpipes fiddle lute
    xylophone marimba vibraphone cornet euphonium piccolo concertina didgeridoo oud koto erhu
    bouzouki balalaika zither kalimba djembe bodhrán bodhran theremin synth synthesizer ocarina
    veena melodeon whistle pipes harmonium dulcimer cajon kora santoor mridangam oboe flugelhorn
    charango tambourine vuvuzela bugle ney qanun guqin pipa shamisen autoharp squeezebox pedal-steel
    """
)
SPORTS = words(
    """
    football soccer rugby tennis badminton squash padel pickleball basketball volleyball handball
    hockey ice-hockey cricket baseball softball golf netball lacrosse water-polo polo ultimate
    frisbee darts snooker pool table-tennis ping-pong bowls floorball futsal croquet five-a-side
    pétanque petanque billiards curling dodgeball american-football rounders camogie hurling shinty
    kabaddi kho-kho sepak boccia boules korfball footy skittles bowling
    """
)
GAMES = words(
    """
    chess go poker bridge backgammon scrabble checkers mahjong shogi dominoes sudoku video-games
    videogames computer-games board-games boardgames d&d dnd dungeons minecraft fortnite
    """
)
ACTIVITIES = words(
    """
    yoga pilates karate judo taekwondo boxing kickboxing aikido jiu-jitsu jujitsu fencing crossfit
    parkour ballet gymnastics athletics triathlon triathlons tai-chi zumba capoeira archery
    ceramics pottery photography calligraphy origami improv crosswords puzzles salsa tango
    weightlifting powerlifting bodybuilding orienteering motocross dressage watercolours
    watercolors embroidery woodwork woodworking macrame genealogy astronomy crochet beekeeping
    falconry taxidermy bonsai bouldering climbing quilting knitting crocheting sewing birdwatching
    birding gardening fishing angling kayaking canoeing rowing swimming cycling jogging hiking
    surfing sailing snorkelling snorkeling scuba skateboarding skiing snowboarding spinning weaving
    whittling scrapbooking baking brewing homebrewing metalwork upholstery patchwork cross-stitch
    hillwalking bushwalking rambling tramping geocaching karaoke stargazing foraging bellringing
    """
)
CARS = words(
    """
    transit sprinter volvo saab volkswagen vw golf polo passat tiguan skoda škoda octavia fabia
    seat audi bmw mercedes benz porsche opel vauxhall corsa astra smart mini ford fiesta focus
    mustang chevrolet chevy dodge jeep chrysler cadillac buick gmc tesla rivian lucid toyota
    corolla camry prius yaris rav4 honda civic accord crv jazz nissan micra leaf qashqai mazda mx-5
    miata mitsubishi subaru outback forester impreza suzuki swift lexus infiniti acura hyundai kia
    picanto niro sportage genesis fiat panda punto alfa lancia ferrari lamborghini maserati renault
    clio twingo megane zoe peugeot citroën citroen dacia duster sandero lada jaguar rover
    land-rover landrover defender bentley rolls-royce aston lotus morgan mg byd nio polestar beetle
    car van campervan camper pickup truck hatchback convertible suv estate wagon minivan ev hybrid
    tacoma tundra silverado f-150 f150 wrangler altima sentra elantra sonata sorento highlander
    sienna crosstrek wrx cx-5 cx-3 4runner peterbilt kenworth scania freightliner baleno
    creta commodore landcruiser amarok d-max pajero
    vivaro trafic transporter caddy berlingo kangoo hilux navara insignia kodiaq vito
    tractor lorry taxi bus
    """
)
BIKES = words(
    """
    bike bicycle motorbike motorcycle scooter vespa harley yamaha kawasaki ducati triumph e-bike
    ebike moped brompton trek canyon tandem unicycle bmx
    """
)
PHONES = words(
    """
    iphone samsung galaxy pixel huawei xiaomi oneplus nokia fairphone motorola oppo android
    smartphone
    """
)
COMPUTERS = words(
    """
    macbook mac imac thinkpad dell lenovo asus acer hp chromebook surface laptop pc framework
    raspberry desktop
    """
)
CONDITIONS = words(
    """
    diabetes asthma adhd add autism epilepsy migraine migraines arthritis celiac coeliac crohn's
    crohns eczema psoriasis hypertension tinnitus ibs endometriosis lupus dyslexia dyscalculia
    narcolepsy insomnia anaemia anemia hypothyroidism hyperthyroidism hashimoto's fibromyalgia
    vertigo scoliosis parkinson's parkinsons alzheimer's dementia ms multiple sclerosis
    osteoporosis pacemaker ptsd ocd bipolar glaucoma cataracts gout sciatica rosacea pcos copd
    angina haemophilia hemophilia reflux pollen hay fever apnea apnoea raynaud's tourette's
    ulcerative colitis thyroid gallstones diverticulitis shingles sarcoidosis emphysema bronchitis
    sickle neuropathy cataract hernia rheumatism lumbago bursitis tendinitis
    """
)
HEALTH_ADJECTIVES = words(
    """
    diabetic asthmatic epileptic dyslexic coeliac celiac colour-blind color-blind colorblind
    colourblind deaf blind autistic left-handed right-handed ambidextrous short-sighted nearsighted
    near-sighted far-sighted farsighted shortsighted anaemic anemic hypertensive neurodivergent
    lefty
    """
)
FOODS = words(
    """
    dairy gluten nuts nut peanuts peanut hazelnuts walnuts almonds cashews pistachios lactose milk
    cheese butter cream yoghurt yogurt eggs egg meat pork beef lamb chicken fish seafood shellfish
    prawns shrimp shrimps crab lobster mussels oysters salmon tuna soy soya tofu wheat bread rye
    oats corn maize rice sugar honey chocolate cocoa caffeine coffee tea alcohol wine beer spirits
    spice spices spicy chilli chili garlic onion onions tomatoes tomato potatoes peppers mushrooms
    celery carrots mustard sesame lupin kiwi strawberries strawberry apples pears peaches bananas
    mango pineapple citrus oranges lemons grapefruit grapes berries cherries avocado coconut beans
    lentils peas chickpeas salt vinegar sulphites sulfites coriander cilantro liquorice olives
    aubergine spinach rhubarb fructose yeast additives penicillin aspirin ibuprofen latex
    blueberries blueberry raspberries raspberry pecans pecan almond cashew walnut hazelnut pistachio
    brazil pine kidney broad prawn crayfish langoustines scallops squid octopus clams anchovies
    sardines mackerel herring cod haddock bacon ham sausages sausage liver offal mutton turkey duck
    goat venison feta mozzarella paracetamol codeine morphine amoxicillin sulfa naproxen aspartame
    msg gelatine gelatin mushroom cabbage broccoli sprouts beetroot cucumber lettuce turnip leeks
    asparagus okra ginger cinnamon nutmeg mint parsley basil cumin turmeric paprika saffron apple
    pear peach banana orange lemon lime grape cherry plum plums apricots figs dates raisins melon
    watermelon papaya lychee durian pomegranate tomatos chocolates dosa ghee paneer
    """
)
