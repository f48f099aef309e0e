"""Tells an occupation from everything else that "I'm a ..." can be followed by."""

from __future__ import annotations

import re

from sleeping_plugin.relations.grammar import words

OCCUPATIONS = words(
    """
    accountant acrobat actor actress actuary acupuncturist admin administrator advisor agronomist
    analyst anaesthetist anesthesiologist anaesthesiologist animator anthropologist apprentice
    arborist archaeologist archeologist architect archivist artisan artist assistant astronaut
    astronomer athlete attorney au-pair auctioneer audiologist auditor author baker ballerina
    banker barber barista barkeeper barmaid barman barrister bartender beautician beekeeper
    biochemist biologist blacksmith blogger boatbuilder bookbinder bookkeeper bookseller botanist
    bouncer brewer bricklayer broker builder butcher butler cabinetmaker cabbie cameraman captain
    caregiver caretaker carer carpenter cartographer cartoonist cashier caterer cellist ceo cfo cto
    coo chairman chairwoman chambermaid chaplain chauffeur checkout chef chemist childminder
    chiropractor choirmaster choreographer cinematographer civil-servant clarinettist cleaner clerk
    climatologist clockmaker clown coach coachman coastguard cobbler coder comedian commissioner
    composer concierge conductor confectioner consultant contractor cook cooper cop copywriter
    coroner counsellor counselor courier craftsman craftswoman critic croupier curator cyclist
    dancer dealer decorator deliveryman dentist dermatologist designer detective dev developer
    devops dietician dietitian director dispatcher diver dj docker doctor doorman draftsman
    draughtsman dressmaker driver drummer ecologist economist editor educator electrician
    endocrinologist engineer entertainer entomologist entrepreneur epidemiologist ergotherapist
    estate-agent executive fabricator farmer farmhand farrier ferryman filmmaker financier
    firefighter fireman fisher fisherman fishmonger fitter florist foreman forester founder framer
    freelancer fundraiser furrier gamekeeper gardener geneticist geographer geologist geophysicist
    glassblower glazier goldsmith governess graphic greengrocer grocer groom groundskeeper guard
    guide guitarist gynaecologist gynecologist hairdresser hairstylist handyman harpist headmaster
    headmistress headteacher historian horticulturist host hostess hotelier housekeeper housewife
    househusband homemaker hydrologist hygienist illustrator importer inspector instructor intern
    interpreter inventor investigator investor ironmonger janitor jeweller jeweler jockey joiner
    journalist judge juggler juggernaut keeper labourer laborer landlord landscaper lawyer lecturer
    librarian lifeguard lighthouse-keeper lineman linguist locksmith logistician longshoreman
    lumberjack luthier machinist magician magistrate maid mailman maker manager manicurist marine
    mariner marketer mason masseur masseuse mathematician mayor mechanic mechatronics mediator
    medic merchant meteorologist microbiologist midwife miller milliner miner minister model
    mortician musician navigator quizmaster nanny nephrologist neurologist neuroscientist
    neurosurgeon notary novelist nun nurse nutritionist obstetrician oceanographer officer
    oncologist operator ophthalmologist optician optometrist organist orthodontist orthopaedist
    osteopath packer paediatrician painter palaeontologist paleontologist paramedic paralegal
    parson pastor pathologist pediatrician percussionist perfumer pharmacist philosopher
    phlebotomist photographer physician physicist physio physiologist physiotherapist pianist pilot
    planner plasterer playwright plumber podiatrist poet policeman policewoman politician porter
    postman postwoman postie potter preacher presenter priest principal printer producer professor
    programmer projectionist proofreader prosecutor psychiatrist psychoanalyst psychologist
    psychotherapist publican publicist publisher rabbi radiographer radiologist railwayman rancher
    ranger realtor receptionist recruiter referee registrar rep reporter representative researcher
    restaurateur restorer retailer roadie roofer sailor saleslady salesman salesperson saleswoman
    sapper scaffolder scholar scientist scriptwriter screenwriter sculptor seamstress secretary
    senator sergeant servant server sheriff shepherd shoemaker shopkeeper silversmith singer
    skipper sociologist soldier solicitor sommelier songwriter specialist statistician stenographer
    steward stewardess stockbroker stonemason strategist stripper student stuntman subcontractor
    supervisor surgeon surveyor tailor tanner tattooist tattooer taxidermist teacher technician
    technologist telemarketer teller temp tester therapist tiler toolmaker toxicologist trader
    trainee trainer translator trucker tuner tutor typist typesetter umpire undertaker underwriter
    upholsterer urologist usher valet vet veterinarian vicar vintner violinist violist virologist
    vlogger waiter waitress warden watchmaker watchman weaver webmaster welder winemaker woodworker
    woodcarver woodcutter worker writer youtuber zookeeper zoologist sysadmin doula undergrad
    sparky ref brickie chippie posty garda bobby constable gendarme sna hca cna emt lpn senco hgv
    tradie fettler farrier ganger navvy banksman trawlerman lorryman truckie cabby garbageman binman
    dustman milkwoman linesman signalman stoker docker stevedore dishwasher nightporter conductress
    taster grader distiller cheesemaker dairyman stockperson milker wrangler
    owner-operator phleb radiotherapist actuary quantity-surveyor
    caretaker superintendent paediatrics registrar houseman
    curate deacon sexton verger attendant duster rigger stitcher spinner grower handler
    picker loader sorter polisher assembler
    presser turner grinder binder cutter busker bellringer hairstylist roaster chocolatier baker's
    cooper thatcher dredger barber herder rower-coach rep steeplejack quilter shearer
    drover jackaroo stockman crofter
    postdoc phd-student gp md rn cpa pa hgv-driver lorry-driver oboist bassist trumpeter flautist
    flutist harpsichordist dinner-lady lollipop-lady lifeboatman coxswain deckhand bosun pensioner
    retiree sophomore freshman dogsitter dog-walker
    """
)
SUFFIXES = (
    "ologist", "ographer", "maker", "smith", "keeper", "worker", "engineer", "manager", "teacher",
    "driver", "operator", "technician", "nurse", "doctor", "dresser", "fighter", "walker",
    "builder", "cleaner", "trainer", "instructor", "therapist", "ician", "monger",
    "wright", "writer", "seller", "grower", "herder", "minder", "sitter", "planner", "designer",
    "developer", "programmer", "officer", "ist", "man", "woman",
    "ringer", "assistant", "guard", "inspector", "student",
)  # fmt: skip
NOT_JOBS = words(
    """
    problem-maker troublemaker peacemaker timekeeper matchmaker goalkeeper secret-keeper
    night-worker bookkeeping record-keeper lover hater believer beginner fan member person
    morning-person man woman human german roman norman superman batman gentleman snowman caveman
    madman layman optimist pessimist realist feminist tourist perfectionist minimalist racist
    sexist atheist communist socialist capitalist idealist nationalist fatalist hobbyist motorist
    pacifist humanist extremist purist loyalist narcissist egoist egotist monarchist anarchist
    masochist twist list slow-worker non-driver learner early-riser bad-driver designated-driver
    firefighter's walker
    """
)
FRONT_NOT_JOB = re.compile(
    r"^(?:(?:bad|terrible|awful|lousy|slow|careful|nervous|decent|good|great|better|best|"
    r"mediocre|keen|big|huge|hobby|amateur|home|real|total|complete|fast|quick|hopeless|avid|"
    r"lazy|passionate|enthusiastic|decent|worse|worst)\s)+",
    re.IGNORECASE,
)
EVALUATIVE = re.compile(
    r"^(?:(?:busy|proud|tired|simple|humble|mere|poor|happy|dedicated|stressed|overworked|"
    r"hard-working|hardworking|big-shot|fancy|lowly|boring|regular|typical|ordinary|so-called|"
    r"newly[- ]qualified|qualified|certified|registered|full-time|fulltime|seasoned|experienced|"
    r"proper|plain|just|simply|only|very|little|old|young|new|fairly|rather|quite|sort of|kind of)"
    r"\s+)+",
    re.IGNORECASE,
)


def is_occupation(text: str) -> bool:
    """Tell whether ``text`` ("pediatric nurse", "head of sales") names what somebody does."""
    lowered = text.lower().strip()
    if re.match(
        r"(?:head|director|vice president|vp|chief|dean|owner|co-owner|manager) of \w", lowered
    ):
        return True
    if re.match(r"[a-z]+ing (?:as|at|for|in)\b", lowered):
        return False
    if re.match(r"(?:maid of honou?r|best man|man of)\b", lowered):
        return False
    if re.fullmatch(r"(?:shift|team|tech|crew|project|site|night|group) lead(?:er)?", lowered):
        return True
    head = re.split(r"\s(?:of|for|to|in|at|on|and)\s", lowered)[0]
    parts = [part for part in head.replace("/", " ").split() if part]
    if (
        not parts
        or len(parts) > 6
        or (len(parts) > 2 and "'s" in lowered)
        or head.replace(" ", "-") in NOT_JOBS
    ):
        return False
    last = parts[-1]
    shout = text.split()[-1][:1].isupper() and not text.isupper()
    if FRONT_NOT_JOB.match(head + " ") and FRONT_NOT_JOB.sub("", head + " ").strip() in _TALENTS:
        return False
    candidates = {last, last.removesuffix("s"), last.removesuffix("es"), last.split("-")[-1]}
    if last in ("women", "men"):
        return True
    known = candidates & OCCUPATIONS or "-".join(parts[-2:]) in OCCUPATIONS
    return bool(known) or (not shout and last not in NOT_JOBS and last.endswith(SUFFIXES))


# Things that one may be good or bad at without being paid for it.
_TALENTS = words(
    """
    cook baker driver dancer singer swimmer runner writer painter teacher host planner sleeper
    listener photographer artist gardener student worker knitter reader mechanic barista critic
    judge model
    """
)
