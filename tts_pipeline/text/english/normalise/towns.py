"""Larger towns of states whose codes are also words or degrees: "Tulsa, OK", not "Yes, OK"."""

from __future__ import annotations

_LISTS = {
    "OK": "tulsa,norman,lawton,edmond,stillwater,enid,oklahoma city,broken arrow,muskogee,moore",
    "OR": "portland,salem,eugene,bend,medford,gresham,hillsboro,beaverton,corvallis,astoria",
    "IN": "indianapolis,fort wayne,evansville,south bend,bloomington,gary,carmel,muncie,lafayette,"
          "terre haute,kokomo,fishers,hammond",
    "ME": "portland,bangor,augusta,lewiston,bar harbor,biddeford,brunswick,kennebunk",
    "HI": "honolulu,hilo,kailua,lahaina,kona,waipahu,kahului,pearl city,waikiki",
    "OH": "columbus,cleveland,cincinnati,toledo,akron,dayton,canton,youngstown,parma,lima,athens,"
          "mansfield,springfield,dublin,oxford",
    "MA": "boston,worcester,springfield,cambridge,lowell,salem,quincy,newton,somerville,brockton,"
          "lynn,plymouth,amherst,waltham,concord,lexington,brookline,medford",
    "PA": "philadelphia,pittsburgh,allentown,erie,scranton,reading,bethlehem,lancaster,harrisburg,"
          "york,altoona,hershey,gettysburg,state college,wilkes barre,easton",
    "MD": "baltimore,annapolis,frederick,rockville,bethesda,columbia,silver spring,hagerstown,"
          "gaithersburg,towson,salisbury,college park,laurel,bowie,ocean city",
    "AL": "birmingham,montgomery,mobile,huntsville,tuscaloosa,auburn,selma,dothan,decatur,hoover",
    "LA": "new orleans,baton rouge,shreveport,lafayette,lake charles,monroe,kenner,metairie,houma",
    "DE": "wilmington,dover,newark,lewes,rehoboth beach,middletown,smyrna",
    "CO": "denver,boulder,aurora,colorado springs,fort collins,pueblo,aspen,vail,lakewood,golden,"
          "greeley,durango,littleton,longmont,loveland",
    "CT": "hartford,new haven,stamford,bridgeport,waterbury,norwalk,danbury,greenwich,mystic,"
          "new london,westport",
    "ID": "boise,nampa,meridian,pocatello,moscow,idaho falls,twin falls,coeur d'alene,lewiston",
    "MO": "saint louis,kansas city,springfield,columbia,independence,branson,joplin,saint charles,"
          "jefferson city",
    "MS": "jackson,biloxi,gulfport,tupelo,hattiesburg,oxford,natchez,meridian,vicksburg",
    "MT": "billings,missoula,bozeman,helena,butte,great falls,kalispell,whitefish",
    "ND": "fargo,bismarck,grand forks,minot,williston",
    "NE": "omaha,lincoln,kearney,grand island,bellevue,fremont",
    "VA": "richmond,norfolk,virginia beach,arlington,alexandria,roanoke,chesapeake,charlottesville,"
          "fairfax,hampton,lynchburg,newport news,reston,williamsburg,mclean,vienna",
    "AR": "little rock,fayetteville,fort smith,jonesboro,hot springs,bentonville,conway",
    "SC": "charleston,columbia,greenville,myrtle beach,spartanburg,rock hill,hilton head",
    "SD": "sioux falls,rapid city,pierre,deadwood,brookings,aberdeen",
}  # fmt: skip
TOWNS = {code: tuple(names.split(",")) for code, names in _LISTS.items()}
