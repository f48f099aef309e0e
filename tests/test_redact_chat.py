"""Secrets as people write them in a chat, and all that only sounds like one.

Run: pytest tests/test_redact_chat.py
"""

from __future__ import annotations

import re

import pytest

from sleeping_plugin import redact as formats
from sleeping_plugin.redact import REDACTED, find_secrets, redact, redact_chat

# The secrets are between braces.
SECRETS = r"""
the wifi is {Blaubeere_77} if anyone asks
wifi is {BTHub6-X9Q2}, password {mW4kTz9pLq}
our wifi name is Casa Verde and the password {limon2019}
guest network: fritzbox, key {84720193756201847362}
the wifi at my mum's is all lowercase {sundaygravy}
Wi-Fi: {oatmilk4ever}
The Wifi pw in the cabin is {Skogen!1962}, could you put that on the sign?
put this on the fridge note: wifi password {tomatensaft}
login is brenda.k and {Otters4Life}
login: brenda / {Otters4Life}
user: brenda pass: {Otters4Life}
username brenda, password {otterslife}
my username is brenda_k and my password is {Otters}
u: admin p: {changeit77}
the admin login is {root/toor2023}
it's admin and {Qwerty!55} for the camera
for Netflix it's {Chestnut88}, write it down please
Remember this for me: {Hj7#kLmq2}
my Spotify login is mail me@example.org with password {kazoo}
I keep forgetting it, it's {hunter2}, don't tell
My password is {hunter2}, sorry, {hunter3}
The password was {Maple44} but now it's {Maple45}
new password: {Sommerregen}
my password has always been {frida1987} and nobody guessed
It is my daughter's name and birth year, {Ella2011}, as the password everywhere
password = {letmein}
Old pw {letmein99}, new pw {letmein100}
passcode {4471}
the passcode to my phone is my birthday, {140389}
my phone unlocks with {2580}
My phone's code is {739105} lol
ipad code {1122}
Alarm is {5519} then the hash key
the alarm code at the shop's {73 18 40}
the code to disarm it is {8842}
To get in, press {2580} and the bell sign
you get through the gate with {1966}
the gate wants {4711}, star, then wait
gate code's {9044}
door code {C2580X}
The key safe is {2218}, for the carer
key box number is {4730}
lockbox: {1397}
My locker combo is {14-32-8}
It's locker 212 and the combination is {31-5-22}
The safe opens with {27-04-91}
the safe is {left 27, right 4, left 91}
the number for the safe is our wedding day, {190610}
bike lock {4815}
Pin {6175} for the fuel card
fuel card pin is {6175}, I always forget it
the pin is {one nine six two}
my bank pin, {8034}, is the same as my alarm
PIN for the debit card: {8034}
My debit card is {4556 7375 8689 9855}, expires 04/27, cvv {381}
card no {4556737586899855} exp 04/27 security code {381}
the card ends 09/26 and the three numbers on the back are {381}
exp 04/27, cvc {381}
my account number is {48291730} and the sort code {20-45-91}
sort code {20-45-91}
routing {021000021}, account {483920174}
My IBAN is {NL91 ABNA 0417 1643 00}
NI number {QQ 12 34 56 C}
my national insurance number is {QQ123456C}
SSN {536-90-4399}
social: {536 90 4399}
my passport number is {X4839201}
passport no. {C01X00T47}, expires 2031
my driver's license number is {D483-2910-3847}
my licence number is {MORGA753116SM9IJ}
NHS number is {485 777 3456}
the API key is {lmb_live_9f3KqT72xVbN4mZc8RwY}
token: {9f3KqT72xVbN4mZc8RwY}
here's my key {sk-ant-api03-abcdEFGH1234ijklMNOP5678}
export TOKEN={d41d8cd98f00b204e9800998ecf8427e}
client secret is {Gx8-2kLmPq77vTz}
seed words: {velvet orbit camera lunch idle marble frost pencil wagon title echo harvest}
wallet recovery: {velvet orbit camera lunch idle marble frost pencil wagon title echo harvest}
my recovery code is {K7QX-29FM-PL4T}
backup codes {83920174 57382910 29384756}
2FA backup {8392 0174}
The text says code {482913}, should I enter it?
my one time code was {482913}
mother's maiden name is the security question, I put {Hollingbery}
first pet is the security answer: {Tiddles}
The answer to my secret question is {Tiddles}
my PUK is {48291730}
SIM pin {0417}
Voicemail pin is {7733}
the printer password is {admin99}
router login is admin, {dragonfruit}
Mein WLAN-Passwort ist {Kirschbaum22}
Das Passwort lautet {Kirschbaum}
la contraseña es {girasol22}
la clave del wifi es {girasol22}
il codice del cancello è {4471}
la password è {girasole}
le code de la porte est {A1974}
le mot de passe du wifi, c'est {tournesol}
o código do portão é {4471}
a senha é {girassol}
het wachtwoord is {zonnebloem}
hasło to {slonecznik7}
lösenordet är {solros99}
pass phrase: {purple monkey dishwasher}
the secret phrase is {purple monkey dishwasher}
the vault password is {Nachtigall}!
the code is {8842}, keep it to yourself
The garage takes {5519}
garage door: {5519}
school portal: cgrey / {Basalt!7788}
My email is leo@paperherons.example and the password {Contra%1926x}
zoom passcode {583920}
The Zoom link password is {b7Qk2}
meeting ID 839 2017 4482 passcode {583920}
steam guard code {KD7PX}
my apple id is me@example.org, pw {Birne7}
the code for the drug cupboard, {C2580X}, changes monthly
my crypto key is {5KJvsngHeMpm884wtkJNzQGaCErckhHJBGFsvD3VyK5qMZXj3hS}
the code to the flat is {2580}, in case the plumber comes
the keypad on the side gate is {7719}
the back gate is {4471}, key's broken
the gate at the allotment is {3318} if you ever come by
our alarm is {4482}, my wife's idea
the shed padlock is {0714}
my padlock at the gym is {3-7-1-9}
combination on the bike is {9053}
ATM pin {4417}
my cash card number thing is {4417}
my debit pin's {4417} same as always
Bank pin is {4-4-1-7}
it's {4417} at the cash machine
my phone is {258014} to unlock
the number to unlock my phone is {258014}
unlock code for the tablet: {1379}
Screen lock {1379}
the kids' tablet opens with {1379}
I use {1379} for everything
pattern is L but the backup pin is {90210}
voicemail pin, {7741}
The till code is {5583}
till login is {5583}
staff door {C4471Y}
the staff room door's {C4471Y}
The pharmacy cabinet is {X19Z4}
the safe at the shop, {18-42-07}, I always forget it
safe's {18 42 07}
the dial goes {18, 42, 07}
the combination, {18-42-07}, is on a sticker
school lunch account is {88213}, pin {4471}
jkim22 and {Panda_bubbles7} gets you into the portal
I log on with {Panda_bubbles7}
Signing in with {Panda_bubbles7} doesn't work
It won't take {Panda_bubbles7}
typed {Panda_bubbles7} ten times and it still says wrong password
the site says {Panda_bubbles7} is wrong
is {Panda_bubbles7} a strong password?
is {Sunset-Tulip-41} strong enough as a password
Should I change my password from {Sunset-Tulip-41}?
I've used {Sunset-Tulip-41} since 2015 for my mail
my mail pass: {Sunset Tulip 41}
wifi here is {Sunset-Tulip-41} btw
Guests can use {Sunset-Tulip-41} for the wifi
the wifi for guests: {Sunset-Tulip-41}
put the wifi on it too, {Sunset-Tulip-41}
network TulipNet, password {sunsettulip41}
SSID TulipNet pw {sunsettulip41}
the hotspot is {sunsettulip41}
The Netflix is {bluey1234}
netflix: mum@example.org {bluey1234}
Netflix login mum@example.org and the password's {bluey1234}
Disney password is still {bluey1234}
Amazon pw {bluey1234} don't judge
my account: kirsty / {bluey1234}
user kirsty pass {bluey1234}
User name kirsty, password {Loch Lomond 1974}
the password for the bakery till is {Sauerteig!88}
the laptop's password is {mrwhiskers}
my laptop opens with {mrwhiskers2}
he set the password as {dampflok1899}
they gave me {Xk29-temp} as a temporary password
temp password: {Xk29temp}
the temporary one is {Xk29temp}
my new pass is {Xk29temp}
the email they sent says your password is {Xk29temp}
My Apple ID password {Xk29temp}
apple password {Xk29temp}
online banking: user 4471882, pin {55831}
online banking password {Zitrone#9}
bank login 4471882 / {Zitrone#9}
my card is {4000 1234 5678 9010}, expiry 08/29, cvc {123}
Visa {4000123456789010} 08/29 {123}
card ending? whole number is {4556 7375 8689 9855}
the three digits are {381}
the code on the back is {381}
cvc {381} exp 04/27
expires 04/27 and the last three are {381}
account {NL91ABNA0417164300}
my iban is {NL91 ABNA 0417 1643 01}
my BSN is {123456782}
Aadhaar {2345 6789 0123}
my PAN is {ABCDE1234F}
my NRIC is {S1234567D}
My UPI pin is {4417}
social security {536-90-4399}
last four of my social are {4399}
my passport is {XJ8294471}
passport {XJ8294471}, valid till 2031
driver license {D4839201773}
my insurance number is {A123456789}
Medicare number {2123 45670 1}
membership pin {8841}
library card pin {8841}
the token is {ghx_7Hs82Kd91Ls02Kf8}
my token: {7Hs82Kd91Ls02Kf8}
here's the key {AbCd-1234-EfGh-5678}
key = "{AbCd1234EfGh5678}"
SECRET={AbCd1234EfGh5678}
the api password is {sk_prod_8f7a6b5c4d}
the bot token from BotFather is {123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw}
phrase is {orbit velvet camera lunch idle marble frost pencil wagon title echo harvest}
{orbit velvet camera lunch idle marble frost pencil wagon title echo harvest}
my twelve words are {orbit velvet camera lunch idle marble frost pencil wagon title echo harvest}
recovery key {K7QX29FMPL4T}
2fa code is {482913}
the six digits are {482913}
bank texted me {482913}
code they sent: {482913}
Security question is mother's maiden name: {Hollingbery}
maiden name for the bank is {Hollingbery}
the safe word with the bank is {marmalade}
telephone banking word is {marmalade}
the magic word for the alarm company is {marmalade}
the alarm company asks for a word, it's {marmalade}
the door is {four four eight two}
gate code is {double four eight two}
pin is {twenty-five eighty}
lockbox code {one nine seven four}
Write a note for the cat sitter: key under the pot, alarm {4471}, wifi {Katzen_2020}.
note for the sitter: alarm code {4471} then hash, feed at 7
For the housesitter: gate {2211}, garage {5519}, dog eats twice.
Welcome sheet: WiFi "Seaview", password "{gullsareloud}".
The guests need the wifi ({gullsareloud7}) and the gate code ({2211}).
my alarm (code {4471}) went off
the lockbox (it's {8824}) is stuck
I wrote {8824} on a sticky note for the lockbox
The lockbox out front, {8824}, sticks in winter
punch {8824} then turn the handle
You type {8824} and pull
dial {8824} and the gate opens
gate opens if you ring {0611}
just enter {0611} and you're in
four digits, {0611}, then the green tick
My code at work is {0611}
my employee pin is {40218}
clock-in number {40218}
time clock pin {40218}
the register wants my number, {40218}
The copier code is {7788}
fax pin {7788}
my key fob pin {7788}
car keypad is {5-3-1-7-9}
The truck's keypad: {53179}
the safe in my closet is {10-22-35}
gun safe {10-22-35}
12 right, 34 left, 7 right for the locker {12-34-07}
Locker 88, combo {12-34-07}
post office box combo {C-F-H}
my debit card {5500 0055 5555 5559} got declined
card: {5500005555555559} exp 11/27 cvv {882}
here's my card, {5500-0055-5555-5559}, pay for it
my amex {378282246310005}
acct {0023984471} at Chase
checking account {0023984471}
my account no is {0023984471}, routing {021000021}
Sort {20-45-91} acc {48291730}
Kontonummer {4829173012}
my sin is {046 454 286}
SIN: {046-454-286}
my ssn, {536-90-4399}, leaked
ssn {536904399}
my tax id is {12 345 678 901}
Steuer-ID {12345678901}
my CPF is {123.456.789-09}
my NHS no: {943 476 5919}
medicare {1EG4-TE5-MK73}
the wifi's {Rutabaga!22}
the wifi is the dog plus the year, {biscuit2016}
dog's name plus 2016, so {biscuit2016} is the wifi
it's still {biscuit2016} for the router
router's {biscuit2016}
same password as always, {biscuit2016}
password's same as the wifi, {biscuit2016}
the password my son made me is {Dino-Roar-7}
He set up the password {Dino-Roar-7} for my email
email: oma.greta@example.org / {Dino-Roar-7}
greta@example.org with {Dino-Roar-7}
I log in as greta with {Dino-Roar-7}
Login greta, password capital D {Dino7roar}
the pw has a capital: {DinoRoar7}
is it bad that my password is {password123}
my password is {iloveharry}
my password is just {harrystyles}
my pw is {harrystyles} lol
pw {harrystyles4ever}
the password is {ilovemymum}, all one word
passcode's {harry1}
insta: kayla.b pw {slayqueen09}
roblox pw is {slayqueen09}
my discord token is {MTA5.GhT4kk.abcDEF123ghi}
my minecraft account is {slayqueen09}
DATABASE_URL=postgres://{admin:Tr33house}@db.local/app
db pass {Tr33house}
mysql -u root -p{Tr33house}
root password {Tr33house}
sudo pw {treehouse9}
ssh passphrase {blue tractor seven}
aws key {AKIAIOSFODNN7EXAMPLE}
AWS secret {wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY}
token {ghp_abcdefghijklmnopqrstuvwx1234}
stripe key {rk_live_51H8abcDEF}
telegram bot {8123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawx}
webhook secret {whsec_9f8e7d6c5b4a}
the license is {NX4T-99QP-2LLM-7ZZA}
serial {NX4T99QP2LLM}
Windows key {VK7JG-NPHTM-C97JM-9MPGT-3V66T}
backup code {4471-8820}
my 2fa backup is {4471 8820 1193}
the recovery codes are {4471-8820} and {1193-5521}
the answer to the security question is {Rover}
for mother's maiden name I always put {Trelawny}
bank asks my memorable place, it's {Trelawny}
memorable word {Trelawny}
my secret word at the bank is {Trelawny}
my work phone {258014} to open
ring bell then {4471} then hash
The till wants {7731} and then enter
payroll: user mkowalski, pass {Herring7pm}
hospital login mkowalski, {Herring7pm}
the chart system is mkowalski and {Herring7pm}
my Epic password is {Herring7pm}
keep this safe for me: {Herring7pm}
hold on to this for me, {Herring7pm}
can you remember a password? {Herring7pm}
I need you to remember my password. {Herring7pm}
password's on the fridge: {Herring7pm}
The lock on the bike is {4815}.
the trunk opens with {481}
suitcase lock {481}
suitcase is {481}
luggage code {481}
the number is {4471} for the drug cabinet
controlled drugs cupboard is {C4471Z}
narcotics safe {90210#}
crash cart code {5150}
marina gate {1866#}
hut code {1866}
the barn padlock is {4-8-2-2}
the sheep shed lock is {4822}
my tractor pin {4822}
diesel pump pin {4822}
milk parlour keypad {4822}
parish hall code is {4822Y}
choir room keypad {4822}
my e-banking number is {88123345} and pin {55021}
ebanking pin {55021}
TAN {482913}
postbank pin {55021}
my sparkasse pin is {55021}
giro pin: {5502}
carte bleue code {5502}
mi pin es {5502}
la clave es {5502}
meine PIN ist {5502}
der Code ist {5502}
wlan: {Pfanne22kg}
wlan schlüssel {8471 2294 0011 5527}
wlan-passwort {Pfanne22kg}
het wifi wachtwoord is {fietspad9}
mot de passe wifi: {baguette77}
contraseña del wifi: {paella99}
{8126} gets you into the bike shed
you need {8126} to get into the lobby
you type {8126} to disarm it
the door upstairs needs {8126} and then hash
the buzzer thing is {8126}
dial {8126} on the intercom
I got a code by text, {520 417}, they want me to read it out
verification: {520417}
the phone is locked, {8126} didn't work, {5533} did
mine's {8126} and my sister saw it, my pin I mean
I always use {Noodles2011} for everything
I use the same one everywhere, {Noodles2011}
our network is called Elm and it's {walnut88} to get on
I changed it to {Noodles2011} after the break-in
changed my bank one to {Noodles2011}!
log on with carla.m and {Autumn2023}
my laptop password is the cat's name plus 11, so {Olive11}
my usual password since college: {plumcrumble}
it's always been {plumcrumble}, my password
pass: {plumcrumble}
my mother's maiden name is {Okonjo}, that's the security question
this is the key {r9_8dkfj29skd02kfls93jfk20sl}
the drive asks for {123456-234567-345678-456789-567890-678901-789012-890123}
the shop says {4000 1234 5678 9011} is wrong
"""

HARMLESS = r"""
The wifi is down again.
Our wifi is slow upstairs but fine in the kitchen.
wifi is great at the cafe on Elm Street
The Wi-Fi is Vodafone and it costs 39 euros.
The wifi is called Pretty Fly.
My router is a FritzBox 7590.
Is 5G better than wifi at home?
I lost my bank card on the 14th of June.
My login is my email address.
I log in as a guest and read the forum.
user: Brenda, 54, from Leeds
My username is gardener54 on that forum.
my gamertag is xX_Bogdan_Xx
The pass was closed because of snow so I took the A13.
The Gotthard pass is at 2106 metres.
I pass 3 exams a year.
My bus pass costs 49 euros a month.
My season pass is number 3 in the drawer.
He passed away in 1998.
pass the salt, 7 times
She won a gold pin in 2004.
I dropped a pin at 48.2 north.
The hotel room is 1204 on the 12th floor.
My flat number is 4471 and the postcode is BS6 5QA.
I work in building 4471.
Bus 2580 leaves at 17:45.
The recipe needs 350 g flour, 120 ml milk.
My ID badge has an awful photo.
I study code and ciphers for fun.
I wrote 4000 lines of code in 2019.
The code of my course is BIO101.
My course code is BIO101.
The area code is 0431.
The colour code is 4B9CD3.
The paint code is RAL7016.
My qr code is on the table.
The code word of the day is patience in our yoga class.
The gate is 4 metres wide.
Gate 47 closes at 18:30.
The key is under the mat.
The key is C minor and the tempo is 120.
The key is to rest the dough for 45 minutes.
The answer is 42.
My answer is Lisbon.
My answer to that is no.
The safe was built in 1904.
My safe word for the kids is to shout.
The alarm is set for 6:45 because I start at 7.
The alarm went off at 0630.
My locker is number 212 next to the pool.
Locker 212 smells of socks.
My lucky number is 4711.
My shoe size is 43 and my ring size is 17.
My car is a Skoda, plate B-KX 2043.
my plate number is KX 2043
My flight is TK1721 from gate 7.
My booking reference is on paper.
I was born on 27-04-91.
Our wedding day was 19-06-10.
We married on 19/06/2010 and she was 28.
The score was 27-4-91.
The dial goes from 1 to 10.
Turn left after 27 metres, right at 4.
My house number is 27, my mum's is 4, my gran's is 91.
We counted 73, 18 and 40 sheep.
I use a password manager called Bitwarden.
My password manager is KeePassXC 2.7.
I changed my password yesterday.
I need a new password for the printer.
Can you suggest a strong password?
Password123 is a terrible example.
People who use 123456 as password deserve it.
The most common password is 123456.
A PIN has four digits.
The token is in my purse.
Every chip token costs 2 dollars.
My phone is an iPhone 13 with 128GB.
My laptop runs Ubuntu 22.04 on a T480.
The license expires on 2031-04-12.
My driving licence is from 1987.
My passport expires in 2031.
My passport is Bulgarian.
My NHS number is somewhere in a drawer.
I have my National Insurance letter from 1998.
The bank is on 48 High Street.
My account is with Barclays since 1998.
Account 3 is overdrawn.
Sort the laundry by code.
The security guard at the door is called Dave.
The security question asks for my first pet.
My first pet was Tiddles.
My mother's maiden name is Hollingbery.
The seed packets are basil, thyme and dill.
My seed list: velvet beans, orbit peas, corn.
Recovery took 12 weeks after the surgery.
Two of my colleagues have 24 words for snow.
My backup plan is a bakery in Ghent.
The backup drive is 4000 GB.
My crypto is down 40 percent.
The wallet is brown leather.
The secret is slow cooking for 8 hours.
My secret santa is Brenda from room 114.
Our project is called Blaubeere_77.
My band is called Sum41.
I love the album 1989 and the film Se7en.
I drive a BMW E46 and ride an R1200GS.
My favourite droid is R2D2, then C-3PO.
My class is 7B and my room is 114.
My tractor is a John Deere 6155R.
Remember this for me: my dentist is Dr. Fujita.
Remember: eggs, milk, 2 loaves.
Remember 1966?
I weigh 82 kg, it's 4 less than in May.
it's 1904 that it was built in
It's 2580 steps to the top.
I'm a Level4 diver and an A2 rower.
The film starts at 19:45 at screen 7.
The admin at school is called Ruth.
I am the admin of a group of 4000 people.
the guest house is called Otters4Life
The network is Cisco and the admin is Ruth.
Press 1 for English, 2 for Spanish.
type 2 diabetes since 1998
Enter the roundabout, take exit 3.
To get in you need to be 18.
You get through the winter with 40 jars of jam.
Take the 4711 cologne to my aunt.
Our garage takes two cars.
The shed takes 12 bikes.
my door number is 14
My card is a Visa from the DKB.
The card expires 04/27.
clave is a rhythm in salsa
The code is not compiling in VS2022.
The login is with Google.
Her pass to De Bruyne in minute 88 was lovely.
my gym pass is 30 a month
my portal to the garden is an old Leeds-Bradford gate
the site says Boeing-737 is safe
I read about Covid-19 on the BBC site
the wifi router is a Fritzbox-7590
my laptop is a ThinkPad-X1 and I log in every day
my account manager is Jean-Luc
My account at the library is Anne-Marie's
I signed in at Heathrow-T5
the network card is RTX-4090
My user name on Strava is public
Netflix is 12.99 a month
The Netflix series Stranger-Things is fun
Netflix is showing Brooklyn99
the email is from Anna Kowalska
my email is anna.kowalska84@example.com
Gmail is down
Zoom is at 16:30
Zoom: Tuesday at 10
Amazon is cheaper: 1200 euros
the cupboard is 60 cm deep and 180 high
The cabinet was built in 1904.
the till is 3 years old
The chest is oak, 1890s.
The clinic is 2 km away.
Clinic 4471 Elm Street
the dorm has 48 rooms
the shed is 12 by 8
Garage B12 is ours
The gate A12 is closed
Gate C4 at 18:30
I live at Gate 4
Staff: 12 nurses, 3 porters
We go left 2 streets and right 4
left 4 km, then right
I was sent 40000 letters
they sent 500 euros
The text has 3000 words
Four digits are enough
three digits are fine
the last three are mine
we had 12/24 wins
score 04/27 100 points
exp. wine 04/27, 100 bottles
key figures: revenue grew
The key of B-flat-minor-2
my key ring is from Lisbon-2019
token gesture on our part
licence number plate is old
I got my license in 2004
driver licence since 1998
My insurance costs 1200 a year
The insurance number is on the card
Medicare is confusing
Aadhaar is an Indian ID
my pan is cast iron, 28 cm
the pan is 28 cm
the visa is valid for 90 days
tax of 19 percent, 2400 euros
my visa runs out on 12 March 2027
NHS waiting time is 18 weeks
My favourite word is marmalade, it's funny.
he asks for a word, it's a bit rude
the crossword asks for a word, it is seven letters
my mother's maiden name is Hollingbery
My maiden name was Lund
atm I live in Leeds
atm 2000 people follow me
at the ATM there were 12 people
lol just chilling watching football eating crisps drinking tea
need recipe ideas chicken rice beans tomatoes onions garlic
apples pears plums grapes cherries figs
basil thyme dill mint sage
cows goats sheep hens ducks geese pigs
red orange yellow green blue indigo violet
please write short funny poem about dogs cats
My flight from gate B47X at 7
use Python3 for the portal
I use 4000 calories a day for my training
I use 1200 W for the oven
set it to 180 degrees
set the alarm to 6:45
set the alarm as a reminder
My train ICE-599 is late
my gym shorts are size 10-12
We play 4-3-3 on the site
guests: 40, budget: 1200
the guests are from Bad-Homburg
40 guests, 12 tables
guest house Villa-Maria-12
My sites are in Leeds and York-2
The mail came at 10:30 with 3 letters
access for wheelchairs is at gate 4
User stories US-1204 and US-1205 are done
ticket ABC-1234 is fixed
commit a1b2c3d fixes it
I typed 90 words a minute
the pass rate is 90%
My email provider is ProtonMail and my phone is a Nokia3310
B&B at 4471 Ocean Drive
Year-9 maths at site 2
My password manager syncs to Pixel8 and iPad10
we have room1204 on that site
we have two gates, 1204 acres and a safe
The gate, 1850 vintage, squeaks
garage, 45 m2, heated
the alarm at 0530 wakes me
Type 2 and 3 diabetes
type 4000 words and rest
press 3 and wait
enter 12 and 14 in the cells
dial 999 and ask for police
tap 20 and 21 are dry
I have 4200 books for the shed sale
1250 tiles for the garage
I paid 2350 for the garage door
badge number of the cop is unknown
employee of the month, number 3
staff of 4500 people
The printer is an HP 7740
The printer costs 2350 euros
copier paper: 2350 sheets
register for the class by 30 June
the till has 2350 euros in it
Account 14 is mine
sort 10-12-14 year olds into teams
sin is a strong word
my sin is pride
token of love from Grandmother
tokens: 2350 left
The serial killer novel has 450 pages
license to kill
The licence is valid until 2031
the serial number is worn off
everything's fine
everything is broken since 2019
everything's from IKEA
Disney is for kids
Netflix documentary about cats
Netflix Germany is better
Spotify premium costs 12.99
my router is in the hallway
router's broken
my e-mail's not working
email Anna at anna@example.org and bob@example.org
write to anna@example.org with questions
anna@example.org, Bob2 and others
Amazon Prime day
guest network is off
my maiden name I always spell twice
memorable date: our wedding
memorable place Lisbon was great
combo A-minor-7
My school account is locked
my minecraft account is banned
locker room 12
My shift is 12-8-4
2-3-4 days
scores: 12-10-8
shed 3 kilos, 2350 calories a day
storage: 256GB, 2350 photos
storage, 2350 euros a year
entry, 12 euros
entry 2350 in the log
back door, 90 cm wide
The passphrase should have several words
The secret ingredient is cardamom
a secret admirer
teacher: 12-10-8
four digits, please
six-digit, eight digit
I was four, five, six
employee 2350 left
time clock shows 17:45
fax: 030 2233 4455
phone 0171 2233445

you need 1250 to get the discount
you need 2500 steps to get fit
the lift takes 1250 kg
the lift is 1250 kilos
dial 911 on the phone
the code crashed after 884213 rows
my bank was founded in 1906 and failed
the phone weighs 4417 grains, did you know
it was 1250 euros and I forgot my pin
I use Nokia3310 phones
I changed it to a green one after the party
I changed it to landscape
I sign on at the job centre and then I walk
logging on takes ages and then it crashes
my password habits since college: poor
it's always been annoying, my password
pass: the ball to me
my mother's maiden name is Hollingbery, a good question
my_function_name_with_many_words
order 1234-5678-9012-3456 came
"""

# One chat a line, its messages between slashes.
CHATS = r"""
Can you make a sign for the guests? / Sure! What is the wifi password? / {tomatensaft}
A sign, please. / What's the wifi network and password? / Casa Verde, {limonada7}
I keep my wifi password on a note. / And what is it? / it's {Blaubeere_77}
I changed my email password / Good idea. Make it strong. / so I made it {Frida2015}! like the dog
My password is {hunter2} / Got it. / sorry, {hunter3}
My password is {hunter2} / Got it, I will remember {hunter2}. / thanks
The wifi password is {guacamole}, make a sign / WIFI: {guacamole}\nEnjoy! / great
pin is {4921} / Noted: {4921}. / no, {4912}
what was my locker code again? / I don't know it yet. / {4471}, write it down
what was the alarm code / You haven't told me. / It's {5519}
I can't get into my account / What is your username and password? / brenda + {Otters4Life}
my bank pin / Please don't share it. / {8034}
here comes the password: / ok / {Kastanie-9x}
What's a good password? / A long one. Try three words. / ok I'll use {PurpleCactus19}
my password:\n{letmein99} / ok / ta
password for the NAS is\n{Qz81pLmm} / ok / ta
the door code is {4471} / Your door code is {4471}. / actually {4472}
my wifi password is {Sommer-22} make a card / Here: Password: {Sommer-22} / {Sommer-22} once more
"""
HARMLESS_CHATS = r"""
I forgot my password / What is the name of the site? / Facebook
I forgot my password / Try resetting it. How old is the account? / It's from 2014
My password is too weak / Use a manager such as Bitwarden. / I have 1Password on my iPhone13
I need a strong password / How many characters? / 16 would be fine
The alarm code was changed / Who changed it? / Dave from room 114
my locker is stuck / Which one? / 212, next to the pool
pin it to the board / Which board? / the blue one in the hall
Wifi is down / When did it start? / Tuesday at 10:30
Wifi is down / Which router do you have? / FritzBox 7590
Can you write code? / Sure. In which language? / Python3
what's a good code name for our project? / How about Falcon? / no, Blue Heron
I was locked out of my account / What's your name? / Brenda
I was locked out of my account / Which account? / my Gmail
the login is slow / On what device? / MacBook2019
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def messages(chat: str) -> list[str]:
    return [message.replace("\\n", "\n") for message in chat.split(" / ")]


@pytest.mark.parametrize("line", lines(SECRETS))
def test_a_secret_said_in_passing_is_taken_out(line: str) -> None:
    assert redact(re.sub("[{}]", "", line)) == re.sub("{.*?}", REDACTED, line)


@pytest.mark.parametrize("line", lines(HARMLESS))
def test_what_only_sounds_like_a_secret_stays(line: str) -> None:
    assert redact(line) == line


@pytest.mark.parametrize("chat", lines(CHATS))
def test_a_secret_is_known_by_what_was_said_before(chat: str) -> None:
    told = messages(re.sub("[{}]", "", chat))
    assert redact_chat(told) == messages(re.sub("{.*?}", REDACTED, chat))


@pytest.mark.parametrize("chat", lines(HARMLESS_CHATS))
def test_an_answer_after_talk_of_secrets_stays(chat: str) -> None:
    assert redact_chat(messages(chat)) == messages(chat)


@pytest.mark.parametrize("chat", lines(CHATS))
def test_a_later_message_changes_nothing_of_the_earlier_ones(chat: str) -> None:
    told = messages(re.sub("[{}]", "", chat))
    for count in range(len(told)):
        assert redact_chat(told[:count]) == redact_chat(told)[:count]


def test_key_formats_look_ahead_only_so_far_that_long_lines_stay_cheap() -> None:
    """A lookahead to the end of the line, tried at every "12-", made the work quadratic."""
    ahead = re.findall(r"\(\?[=!][^()]*", formats._PREFIXED.pattern)
    assert len(ahead) > 3
    assert [part for part in ahead if re.search(r"[^\\][*+]", part)] == []


def test_a_very_long_line_of_numbers_is_read() -> None:
    assert find_secrets("12-" * 20_000 + " my pin is 4921")[-1].end == 60_015
