const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));
const each = (words: string, strength: number): (readonly [string, number])[] =>
  words.split(' ').map((word) => [word, strength]);

/** Street types that are unambiguous after a number and a name. */
const STRONG_TYPES =
  'street avenue boulevard blvd road lane parkway pkwy crescent terrace highway hwy motorway expressway turnpike mews esplanade promenade cul-de-sac';
/** Abbreviations, which also mean other things. */
const SHORT_TYPES = 'st ave av rd ln dr ct pl sq ter terr cres cir circ expy fwy trl wy pde';
/** Words with other meanings: only if capitalized, or with more evidence. */
const PLAIN_TYPES =
  'alley drive court place way loop circle trail row walk square park hill hills gardens garden grove green quay plaza rise vale close heights meadow meadows ' +
  'courts views orchard knoll glen ridge creek hollow cove landing manor estate estates parade ramble';
/** Rarer types of postal services: only with a postcode after the name, or if the text mentions an address. */
const RARE_TYPES =
  'bend bluff branch bridge brook brooks burg bypass camp canyon cape causeway center centre centers club common commons corner corners course crest crossing ' +
  'crossroad curve dale dam divide extension fall falls ferry field fields flat flats ford forest forge fork forks fort freeway gateway harbor harbors harbour haven ' +
  'island islands isle junction key keys knolls lake lakes light loaf lock locks lodge mall mill mills mission mount mountain neck oval overpass pass passage path pike pine ' +
  'pines plain plains point points port ports prairie radial ramp ranch rapids rest river roads route run shoal shoals shore shores skyway spring springs spur ' +
  'station stravenue stream streets summit throughway trace track trafficway tunnel underpass union unions valley valleys via viaduct view village ville vista ' +
  'walks wall ways well wells yard wharf end side strip broadway bowery strand embankment lea croft cliff land rue';

/** The evidence of each street type: 3 if it is unambiguous, 2 for an abbreviation, 1.5 for a plain word, 1 for a rare type. */
const STRENGTHS: ReadonlyMap<string, number> = new Map([
  ...each(RARE_TYPES, 1),
  ...each(PLAIN_TYPES, 1.5),
  ...each(SHORT_TYPES, 2),
  ...each(STRONG_TYPES, 3),
]);

/** The evidence that a word in lower case is a street type. 0: it is none. */
export function typeStrength(word: string): number {
  const strength = STRENGTHS.get(word);
  if (strength !== undefined) return strength;
  return word.endsWith('s') && word.length > 4 && typeStrength(word.slice(0, -1)) > 0 ? 1 : 0;
}

/** Words that are never part of a street name. */
export const STOP_WORDS = set(
  'in on at of per for to from with without is was are were be been has have had and or not by after before since than then over under above below within ' +
    'out into onto via as if when while but its it this that these those no any all each every some more less most least other another new old failed failing ' +
    'lost missing down up still again only just also late left open closed pending active idle stale dead retry retries returned reported said did does broken faulty offline degraded corrupt unhealthy stuck',
);

/** Stop words that can begin a street name if capitalized: Old Mill Road. */
export const NAME_WORDS = set('old new late open');

/** Things that alerts count: a number before them is a quantity. */
const TECHNICAL_WORDS = set(
  'error errors alert alerts node nodes host hosts pod pods item items request requests job jobs task tasks user users customer customers server servers thread threads ' +
    'process processes container containers replica replicas event events message messages connection connections packet packets query queries row rows file files ' +
    'disk disks drive drives hard tape flash hot cold spare solid state ssd hdd nvme usb optical floppy backup data database db table index shard partition broker brokers topic ' +
    'queue queues core cores cpu gpu memory ram cache network switch router port ports link interface vlan fiber ethernet optic uplink api http https tcp udp dns tls ssl ssh ' +
    'sql io log logs metric metrics check checks test tests build builds deploy deployment deployments release version commit commits branch branches pipeline pipelines ' +
    'worker workers consumer consumers producer client clients session sessions token tokens key keys code codes status response responses timeout timeouts failure failures ' +
    'incident incidents issue issues ticket tickets order orders payment payments transaction transactions gb mb kb tb gib mib kib ms sec secs seconds minutes hours days weeks ' +
    'months years times hour minute percent level levels tier critical warning info fatal main entry access end exit event-loop gbit mbit ghz mhz kbps mbps gbps infinite feedback control game render reconnect retry busy ' +
    'fast slow control-loop wait dry full test run runs attempt attempts step steps phase phases stage stages batch batches units devices sensors racks zones regions sites ' +
    'locations stores shops people persons agents calls emails mails sms virtual physical logical primary secondary cluster clusters volume volumes bucket buckets google ' +
    'shared parallel concurrent open-file one-way two-way three-way four-way tests cases lines bytes bits pages blocks chunks frames objects records entries keys values',
);

const TECHNICAL_SINGULARS: ReadonlySet<string> = new Set([...TECHNICAL_WORDS].map((word) => word.replace(/s$/, '')));

/** Whether a word in lower case is a thing that alerts count. */
export function isTechnical(word: string): boolean {
  return TECHNICAL_WORDS.has(word) || TECHNICAL_SINGULARS.has(word);
}

/** Names so common for streets that they count in lower case too. */
export const COMMON_NAMES = set(
  'main oak maple elm pine cedar walnut willow chestnut birch cherry ash spruce poplar magnolia park king kings queen queens high church mill station school market ' +
    'bridge hill lake river spring sunset sunrise forest ridge highland broad center centre washington lincoln jackson jefferson madison franklin adams monroe wilson grant ' +
    'north south east west victoria london york albert george james charles green broadway wall bond baker regent oxford fleet prospect railroad college university ' +
    'cambridge winchester springfield manchester first second third fourth fifth sixth seventh eighth ninth tenth',
);
