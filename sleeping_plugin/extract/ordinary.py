"""Ordinary words of English: nobody's name and no place, though a sentence opens with them.

"Beauty.", "Pasta then", "Try again": the capital says that a sentence begins and nothing else. A
word that stands in the middle of a sentence with a capital is not asked here.
"""

from __future__ import annotations

import re

from sleeping_plugin.extract.lexicon import NUMBERS
from sleeping_plugin.extract.verbs import BASE, PAST, THIRD
from sleeping_plugin.relations.grammar import words

# What people answer with, exclaim, ask for or describe; verbs and endings are known elsewhere.
_WORDS = words(
    """
    able about above absolute accurate aces across actual afraid again ages agreed ahead aim alas
    alike alive alone aloud alright amazing amen ample angry another answers anymore apples apt
    aren't around asap aside asleep assorted auto average awake aware away awesome awful awkward
    bad baked bananas bang banging bare basic bath beans bear beast beaut beautiful beauty bed beef
    beer bees beforehand beige below belter bet beta better beyond bigger bingo bit bits bitter
    black bland blank blast bleak bless bliss bloody blue blunt bold bonkers bonus booked boom
    booze bored boring bottom bound boxes brave breezy brief bright brilliant broken brown brutal
    bubbles bugger bummer bump burger burnt busy butter buzzing bye cake cakes calm capital captain
    careful carrots case cash casual caution certain chance change charming cheap cheeky cheese
    cheesy chef chicken chill chilli chips chocolate choice chores christ clarity class classic
    clean clear clever close cloudy clue coconut code coffee cold colour comfy comic common
    complete concise confused consider content cooked cool copy corn correct cosy could counter
    couple course covered cracking crafty cramped crazy cream creamy creepy crikey crisp crisps
    crispy critical crooked cruel crumbs crunchy cry cucumber curious curry custard cute daft
    daily damp
    dang dark darn dash data dead deadly deal dear debatable decent deep definite delicious
    delightful delish dense depends desperate dessert details different digital dinner direct dirty
    disappointing disgusting divine dodgy done dope double doubt doubtful downhill draft dreadful
    dream dreams dreamy dry dull dumb dust dusty each eager earlier early easier easily easy edge
    eerie eggs eh either elegant else empty endless enough entire equal error errors essential
    essentials even evenings events every evil exact exactly excellent excited exciting excuse
    exhausted expected expensive experience extra extreme fab fabulous facts fail faint fair fairly
    fake false familiar famous fancy fantastic far fascinating fast fat favorite favourite fearless
    fewer fierce filthy final finally fine finer first fish fishy five fix flat flawless flipping
    flowers fluffy fog foggy following foolish forever forget forgiven formal forty four fourth
    free freezing fresh friday fried friendly frost frozen fruit fruity full fully funky funnily
    funny further fuss fussy future gas general genius gentle gibberish gifts ginger glad glorious
    gluten goodbye goodness goodnight gorgeous gosh gotcha gotta grand grander grape grapes grass
    grateful gravy gray greasy great greatest green grey grilled grim grips groovy gross grounded
    guaranteed guess guilty gutted guys hail hair half halfway halloween ham handy hang happily
    happy hard hardly harsh hassle hat hate haven headache headphones healthy heaps heart heat
    heavenly heavens heavy heck height help helpful helpless heresy hidden higher hilarious hint
    hints history holy homemade homework honest honestly honey hope hopeful hopeless horrible
    horrid horror hot hotter hours howdy howling huge humid humour hundred hundreds hungry hurrah
    hurray hurry hurt hush ice iced icy ideal ideally ideas idiot idiots immaculate immense
    impeccable impossible impressive incoming incorrect incredible indeed indoor informal insane
    inside inspired instant instead intense intriguing iron ironic itchy jam jammed jammy jazzy
    jeans jeez jelly joke jokes jolly juice juicy junk justice keen ketchup key kind kinda kindly
    knackered knives laces lads lamb lamps large lasagne last lastly lately later latest laughable
    lazy leftovers legend legendary lemon lemons lentils less lesson level lies life light lighter
    likely likewise limes limited line lines lists lit literal lively load loads local locked logic
    logical lol long longer loose lord lost loud lousy lovely lower loyal luckily lucky lukewarm
    lump lunacy lunch lush luxury madness magic magical magnificent main major manageable many
    marginal marmalade marvellous marvelous massive mate matte mature maximum meals mean meaning
    measured meat medicine medium meh mellow melted mercy mess messy metal metric mighty mild milk
    milky million millions mince mind minimal minimum minor mint minty minus minutes miracle
    miserable miss missing mist misty mixed mocha modern modest moist moment money month monthly
    months moody more morning mornings most mostly motion muddy muffins mushrooms mushy music must
    mustard muted mystery nails naked narrow nasty natural naughty near nearly neat neither nerve
    nerves neutral never nightmare nine nobody noise noisy none nonsense noodles noon nope normal
    nosy noted notes nothing nowhere numb numbers nuts oats obvious odd oddly oi oil okay older
    olives once onion onions online only onwards oops opposite option options orange oranges order
    ordinary organic original ouch ours outdoor outrageous outside outstanding oven over overall
    overdue overkill overnight overrated own packed painful painless paint pale pancakes panic
    paper paradise pardon partial particular parts past pasta paste pastel pathetic patience peace
    peaceful peachy peak peanuts pears peas peculiar pens people pepper peppers perfect perfection
    perfectly period personal petty phenomenal phew photos phrase picture pictures pie pies pink
    pity pizza place plain plans plant plants plastic plates playful pleasant pleased pleasure
    plenty plug plus points poison polite poor popcorn popular pork posh possible possibly post
    potato potatoes potential powder powerful practical practice prawns precious precise precisely
    preferable pretty previous price priceless pricey primary printed prior private probable
    probably progress promise promising proof proper properly proud public pudding pumpkin pure
    purple puzzled puzzling quality queen quick quicker quickly quiet quietly quite rad rain rainy
    random rare rarely raspberry rather raw ready realistic really reason reasonable recent recipe
    recipes red redo reduced regular relax relaxed relaxing reliable relief remarkable remote
    repeat reply rest result results retro revised rice rich ridiculous right righto rightyo ripe
    ripper risky roast robust rocks rolls romantic rosemary rough roughly round row rows rubbish
    rude ruined rules rum run rush rustic rusty sad sadly safe salad salmon salt salty same sand
    sandwich sandwiches sarcastic satisfied satisfying sauce saucy sausages savage savoury
    scandalous scary science scones score screen season seconds secret seldom selfish semi
    sensational sense sensible serious seriously settled seven several severe shallow shame sharp
    shattered shiny shocked shocking shoes shoot short shorter shot shower shrimp shucks shut shy
    sick side sign signed silence silent silk silky silly silver similar simple simpler simply
    since single six size skills skint skip sky slack sleet slick slight slightly slim slow slower
    slowly small smaller smart smarter smashing smells smile smoke smooth smoother snacks snazzy
    sneaky snow snowy soap sober soft softer solid solved some sometimes somewhat songs soon sooner
    sorted sound soup sour source spaghetti spare speaking special specific specifically
    spectacular speechless spelling spicy spiffing spinach splendid spoiler spoons sports spot
    spotless spotted squared squash stairs stale standard stars start starving static steady steak
    steaks stellar steps sticky stiff still stinging stock stoked storms stormy straight
    straightforward strange strawberries strawberry stress stressful strict strictly strong stuff
    stuffed stunning stupendous stupid style sublime subtle success sudden sugar suggestions suits
    summary sun sunny sunshine super superb superior supper support supreme sure surely surprised
    surprising surreal sushi suspicious sweeping sweet sweetie sweets swell swift table tables
    tacos takeaway tall tasteless tasty tea tedious tempting ten tense terrible terrific terrifying
    test texts thankfully thanks that theirs then therapy therefore thick thin third thirsty thirty
    thorough thoughts thousand thousands three thrilled thunder tickets ticking tidy tight time
    times tiny tip tips tiring toast toffee tofu tomato tomatoes tomorrow tonight tons tools top
    total totally touche tough tragic translation trash treat tricks tricky trifle tripe triple
    trouble troubling truce true truly trust truth tuna turkey twelve twenty twice two typical ugly
    ultimate unbelievable uncanny undecided underrated understood uneven unfair unfortunate unhappy
    unique universal unknown unlikely unlucky unreal unsure upbeat upper upset urgent useful
    useless usual usually vague valid vanilla various vegetables vegetarian veggies velvet very
    vicious video violet virtual vital vivid void volume waffles warm warmer warmth warning wasps
    waste water weak wealth weather weekly weird weirder weirdly welcome well wet wetter whatever
    wheat whew whichever white whoa whoops whopping wicked wide wider wild wind windy wine wins
    wintry wise witty wobbly wonder wonderful wonderfully wood wooden wool words works worrying
    worse worst worth worthless wow wowza wrong yay yeah year years yellow yep yes yesterday yet
    yikes yoghurt yogurt yours yuck yum yummy zany zero zilch zip
    """
)
# What they order: "Try again", "Preheat the oven", "Scrap that".
_ORDERS = words(
    """
    accept adapt adjust advise agree allow analyse analyze append apply arrange ask assume attach
    avoid beat begin blend boil book bring browse calculate carry catch choose chop click combine
    compare compile complain confirm connect continue convert cover crush cut decide declare define
    delete describe dice dip discuss divide double download drain drizzle drop dry eliminate enter
    erase estimate evaluate examine expand explain export extract feed fetch fill fold format fry
    garnish generate grab grate greet grill grind handle help highlight hold imagine implement
    import include increase insert inspect install introduce invent join jot knead ladle layer
    leave lend lower marinate mash melt merge mix modify move multiply note number offer omit paste
    peel pick place plot pop pour preheat prepare press print proceed process propose provide
    publish pull push quote raise rank rate reboot recommend reduce refactor refer refine reformat
    reheat release remind remove rename render repeat rephrase replace reply report request rerun
    reset restart return reverse review revise rewrite rinse roll save scrap scratch scrub search
    season send sent separate serve set shake shorten show sift simmer simplify skim slice soak
    solve sort spell spill splash split spread sprinkle squeeze steam steep step stir stop store
    strain strike structure subtract suggest summarise summarize suppose switch tag teach tell test
    thicken think throw tidy toast toggle toss touch trace transfer trim try tune turn type undo
    unplug untick update upload verify wait wash watch whip whisk wipe wrap yell zoom
    """
)
_PLACES_TOO = words(
    """
    aspen bath battle bend bergen boulder buffalo china cork deal essen flint hell hull
    independence mobile nice normal orange phoenix poole reading rugby sale split surprise truth
    turkey wells
    """
)
_NAMES_TOO = words(
    """
    amber angel april art august autumn basil bella bill biscuit bob brook buddy carter chase chuck
    cliff cookie cooper daisy dawn dean drew dusty earnest ernest eve faith ford frank ginger glen
    grace grant guy hazel heath heather holly hope hunter iris ivy jack jade jasmine jay joy june
    lance lily mark martin mason max may miles mochi nick olive page paige pat pearl penny pepper
    pierce ray river rob robin rose rosemary ruby rusty sandy skip sky skye star storm sue summer
    sunny tanner taylor tuna victor violet will
    """
)
_ENDINGS = re.compile(
    r"\w{2,}(?:ful|ous|ible|less|ness|tion|ment|ingly|ative|ful|ically|wards?|ably|ish)$"
)


def is_ordinary(word: str) -> bool:
    """Tell whether a word at the start of a sentence is plain English, whatever its case."""
    word = word.lower().strip("'\".,!?")
    if word in _NAMES_TOO or not word.isalpha():
        return False
    verb = word in BASE or word in THIRD or word in PAST or word in _ORDERS
    return verb or word in _WORDS or word in NUMBERS or bool(_ENDINGS.match(word))


def is_order(word: str) -> bool:
    """Tell whether a word is what somebody tells an assistant to do: "make", "scrap"."""
    return word.lower() in _ORDERS or word.lower() in ("make", "write", "use", "do", "go", "keep")


def may_be_place(word: str) -> bool:
    """Tell whether a word, alone in an answer, may be where somebody lives."""
    return word.lower() in _PLACES_TOO or not is_ordinary(word)
