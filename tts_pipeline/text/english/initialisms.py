"""Which words are told letter by letter, in capitals or small, and what shorthand stands for.

Plain lists: there is no rule by which FIFA is a word and UEFA is another, and CIA is none.
"""

from __future__ import annotations

# Upper-case words that are said as words whatever a dictionary holds.
SPOKEN = frozenset(
    "nasa nato unesco unicef opec aids covid laser radar sonar scuba swat fema pin sim ram rom "
    "jpeg gif nascar nasdaq norad osha potus scotus flotus fifa asap yolo lol ikea nimby moma soho "
    "noho interpol delta cobol basic java lisp zip nafta asean noaa lego gatt brics sars mers bios "
    "cam gan lan wan vat pac pet cat rest soap ascfafsa hipaa cobra jeep fomo tesol toefl rico "
    "seal navy yaml toml json gnu vram dram sram daca dare mash uefa isis raid mom pop era abs "
    "uber saas iaas paas wifi sap dos mac ira ada".split()
)
# Ones that are spelled although they look like words, in capitals.
SPELLED = frozenset(
    "aa aaa abc abcs ac aca acl aclu adhd ads afl ag ai aka als ama apa api aps atf atm atp aws "
    "bbc bc bmi bp bpa bpm bsa bts cad cbo cbs cd cdc cdo ceo cfo cgi cia cio cma cms cnc cnn "
    "coo cpa cpc cpi cpm cpr cpu crm csi css ctc cto cvs cwa dac db dba dc dda dea ded dei dhcp "
    "dhl dhs dia diy dj dlc dmv dna dns dod doe doj dot dui dvd dwi dwp ea ebitda ecb ecg ecu "
    "edt eeg eft ei ekg elo emf emi emt eob eod eoe eow eoy epa epl eps erp esa esg esl espn esq "
    "est etd etf eu eula ev evs fa faa faq fbi fcc fda fdic fdr fha fia fico fka fla fm fmla "
    "foia fps fsa ftc ftp fyi fy gao gba gdp ged gmat gmt gop gpa gpo gps gpu gre gui gsa hbo "
    "hdmi hgtv hiv hmo hoa hp hr hrs hsa html http https hud iaea ibm ibs icao icbm icc icd icj "
    "icu id ide idf ied ieee ifc imap imf imo ins io ioc ios iot iou ip ipa ipo ipv iq iras irs "
    "isa isbn iso isp itc itv iv ivf jfk kfc kgb kkk kpi la lapd lbj lbs lcd lds led lgbt llc "
    "llp loi lpga lsu mba mc mcat md mfa mgm mia mit mlb mlk mls mma mmr mou mpa mpg mri ms "
    "msnbc mtv mvp naacp nba nbc ncaa nda nea nes nfc nfl ngo nhl nhs nih nij nist nlrb noc npr "
    "nra nsa nsf nyc nypd nyu ny oas ocd ocr oecd oem og ohsu oo ooo opm oss ot ota otc pa pbs "
    "pc pcr pda pdf pga pgp phd php plc plo poa poc pos pov pow ppo pr psa pta pto ptsd pvc qa "
    "qoq rbg rbi rca rfc rfid rfp rgb rip rna roa roe roi rotc rpg rsvp rv sba sdk sdi sec seiu "
    "seo sf sfo sla sms soc sos spca sql ssa ssd ssh ssi ssl ssn sud suv suvs tba tbd tcp tia "
    "tlc toc tpa tpu trt tsa ttl tv uae uat uaw uav uavs ucc ucla udp ufc ufo ufos ugc ui uk uma "
    "umd un unc upc uri url usa usaf usb usc usda usgs usmc usps uspto uss ussr utc utf uti uv "
    "ux va vcr vfw vip voa vp vpn vr vw wba wbc wmd wnba wpa wta wto wwe wwf www xml ymca yoy "
    "ywca".split()
)
# Words when small or when all the text around is in capitals, letters in mixed text.
CASE_LETTERS = frozenset("us it who led ups sat er pa la am fm".split())
# Also spelled when they are written small.
SMALL = frozenset(
    "adhd afaik afk aka ama api apis atm aws bbc bff bffs bmi bpm brb btw cbd cbt cd cdc ceo cfo "
    "cia cli cnn cpi cpu cpus css cto cvs db diy dj dms dna dnd dns dvd ecb eeg ekg eod eow eoy "
    "epa etf etfs faq faqs fbi fda fomc fps ftc ftl ftp ftw fwiw fyi gcp gdp gf gg gmo gop gpa "
    "gps gpu gpus gtfo gui hbo hbu hdd hdmi hiv hmu hr html http https ibm icu icymi idc idgaf "
    "idk ids iirc ikr ily ilysm imf imho imo iot ip ipo ipv irl irs iud ivf iykyk jk kpi lapd "
    "lcd lgbt lgbtq llc llm llms lmao lmfao lmk lsd mba mdma mlb mmo mri nba nbc nbd nda nfl ngl "
    "nhl nhs nlp npc npm nsfw nvm nyc nypd ocd omfg omg omw ootd ooo pbs pc pcs pdf pdfs php pov "
    "ppm pr ptsd pvp qa rfp rn rna roi rpg rsvp sdk sfw sla smh sms sos sql ssd ssh stfu suv "
    "suvs tba tbd tbh tcp tgif thc tifu tl tldr tmi tpu tsa ttyl tv tvs tyvm uae udp ufo ufos ui "
    "url urls usb usd utc uti uuid ux vga vip vpn vr wbu wfh wtf wth wwe wya wyd xml ymmv".split()
)
# Shorthand that stands for longer words, said in full where it is written small.
SHORTHAND = {
    "thx": "thanks", "tnx": "thanks", "pls": "please", "plz": "please", "ppl": "people",
    "msg": "message", "msgs": "messages", "ur": "your", "b4": "before", "gr8": "great",
    "l8r": "later", "m8": "mate", "2nite": "tonight", "2night": "tonight", "2day": "today",
    "2moro": "tomorrow", "2morrow": "tomorrow", "tmrw": "tomorrow", "tmr": "tomorrow",
    "tonite": "tonight", "nite": "night", "bday": "birthday", "abt": "about", "cuz": "because",
    "bcuz": "because", "luv": "love", "rlly": "really", "srsly": "seriously", "prolly": "probably",
    "obv": "obviously", "tho": "though", "thru": "through", "sry": "sorry", "ofc": "of course",
    "wknd": "weekend", "txt": "text", "txts": "texts", "smth": "something", "sth": "something",
    "w8": "wait", "gn": "good night", "kk": "okay",
}  # fmt: skip
