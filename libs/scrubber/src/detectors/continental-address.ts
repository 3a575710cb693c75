import { addressTail, hasAddressContext, hasPostcode } from '../address-parts';
import { type Detector, RANK, scanWith, type Span } from '../detector';
import { type ScanContext } from '../scan-context';

const NAME = "[\\p{Lu}][\\p{L}\\p{M}'’.-]{1,30}";
const HOUSE = '\\d{1,4} ?[a-zA-Z]?(?:[-/]\\d{1,4})?(?![\\p{L}\\d]|[.:]\\d)';
/** `Hauptstraße 5`, `Berliner Straße 12`, `Kerkstraat 7`, `Storgatan 4`: the type ends the name or follows it, the number comes last. */
const SUFFIXED = new RegExp(
  `(?<![\\p{L}\\d])(?:(?:Alte|Neue|Große|Grosse|Kleine|Obere|Untere|Vordere|Hintere|Lange|Breite)r? )?(?:[\\p{Lu}][\\p{L}\\p{M}-]{2,30}?(?:-(?:Straße|Strasse|Str\\.|Allee|Platz|Gasse|Ring|Weg|Ufer|Damm)|straße|strasse|str\\.|gasse|platz|allee|straat|gracht|plein|gatan|vägen|vej|veien|katu)|(?:[\\p{Lu}][\\p{L}\\p{M}.'-]{1,30} ){1,2}(?:Straße|Strasse|Str\\.|Allee)|Straße (?:des|der) (?:\\d{1,2}\\. )?${NAME}) ${HOUSE}`,
  'gu',
);
/** Types that also end other words: only with a postcode. */
const DOUBTFUL = new RegExp(
  `(?<![\\p{L}\\d])[\\p{Lu}][\\p{L}\\p{M}-]{2,30}?(?:weg|ring|damm|ufer|steig|laan|kade|singel|gata|gade|tie|chaussee|markt) ${HOUSE}|(?<![\\p{L}\\d])(?:(?:Am|Im|Zum|Zur|Beim|An der|An den|Auf dem|Auf der|In der|In den|Unter den) (?:${NAME} ){0,1}${NAME}|[\\p{Lu}][\\p{L}-]{2,30}(?:er|-) (?:Platz|Weg|Ring|Damm|Ufer|Gasse|Chaussee|Markt)|(?:Laan|Plein|Weg) van (?:de |den |der |het )?(?:${NAME} ){0,1}${NAME}|(?:${NAME} ){1,2}(?:Straat|Gracht|Plein|Laan|Kade|Singel|Weg)) ${HOUSE}`,
  'gu',
);
/** `12 bis rue de la Paix`. */
const FRENCH = new RegExp(
  `(?<![\\p{L}\\d.,:/-])\\d{1,4}(?: ?(?:bis|ter))?,? (?:[Rr]ue|[Aa]venue|[Aa]v\\.|[Bb]oulevard|[Bb]d|[Cc]hemin|[Ii]mpasse|[Aa]llée|[Qq]uai|(?:place|cours|route|passage|square)(?= d))(?: (?:des?|du|de la|la|le|les)| d['’]| de l['’])? ?(?:${NAME}[ -]?){1,4}(?<! )`,
  'gu',
);
const SURE_TYPES = 'Calle|C/|Avenida|Avda\\.?|Av\\.|Paseo|Viale|Piazza|Corso|Rua|Travessa';
const OF = '(?:de la|de las|de los|de|del|della|dei|da|das|do|dos)';
/** `Calle de Alcalá 45`, `Via Roma, 12`, `Rua Augusta 1500`. */
const SOUTHERN = new RegExp(
  `(?<![\\p{L}\\d])(?:${SURE_TYPES}|Via|Plaza|Largo|Carrera) (?:${OF} )?(?:${NAME} ){0,3}${NAME},? (?:n[ºo°.]{1,2} ?)?${HOUSE}`,
  'gu',
);

/** `ul. Nowy Świat 15/17`. */
const POLISH = new RegExp(`(?<![\\p{L}\\d])(?:[Uu]l|[Aa]l|[Oo]s|[Pp]l)\\. (?:${NAME} ){0,3}${NAME} ${HOUSE}`, 'gu');

const SURE_TYPE = new RegExp(`^(?:${SURE_TYPES}) `, 'u');

const withTail = (match: RegExpExecArray): Span => {
  return { start: match.index, end: addressTail(match.input, match.index + match[0].length) };
};

/** Only with a postcode after it, or if the text mentions an address. */
function withEvidence(match: RegExpExecArray, context: ScanContext): Span | undefined {
  const span = withTail(match);
  const tail = match.input.slice(match.index + match[0].length, span.end);
  return hasPostcode(tail) || hasAddressContext(context, match.index, span.end) ? span : undefined;
}

const scans = [
  scanWith(SUFFIXED, withTail),
  scanWith(DOUBTFUL, withEvidence),
  scanWith(FRENCH, withTail),
  scanWith(POLISH, withTail),
  scanWith(SOUTHERN, (match, context) => (SURE_TYPE.test(match[0]) ? withTail(match) : withEvidence(match, context))),
];

export const continentalAddress: Detector = {
  name: 'street-address-continental',
  kind: 'STREET_ADDRESS',
  rank: RANK.place,
  patterns: [SUFFIXED, DOUBTFUL, FRENCH, POLISH, SOUTHERN],
  needs: (traits) => traits.digits > 0 && traits.space,
  scan: (context) => scans.flatMap((scan) => scan(context)),
  examples: {
    matches: [
      { text: 'Paket an Hauptstraße 5, 10115 Berlin zurück', found: 'Hauptstraße 5, 10115 Berlin' },
      { text: 'wohnt Berliner Str. 12a', found: 'Berliner Str. 12a' },
      { text: 'chez 12 bis rue de la Paix, 75002 Paris', found: '12 bis rue de la Paix, 75002 Paris' },
      { text: 'adres ul. Nowy Świat 15/17, 00-029 Warszawa nieznany', found: 'ul. Nowy Świat 15/17, 00-029 Warszawa' },
      { text: 'contatore in Piazza San Marco 1', found: 'Piazza San Marco 1' },
      {
        text: 'bezorging Laan van Meerdervoort 55, 2517 AB Den Haag',
        found: 'Laan van Meerdervoort 55, 2517 AB Den Haag',
      },
      { text: 'dirección: Calle de Alcalá 45', found: 'Calle de Alcalá 45' },
    ],
    ignores: ['String 5 too long', 'Hashring 3 unbalanced', 'Via Gateway 3', 'Brigade 7', 'Arbeitsplatz defekt'],
  },
};
