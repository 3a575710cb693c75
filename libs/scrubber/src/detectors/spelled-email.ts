import { type Detector, matchSpan, RANK, scanWith } from '../detector';

/** Mail services: a plain "at" before their domain means an address. */
const SERVICES =
  'gmail|googlemail|yahoo|hotmail|outlook|live|icloud|aol|protonmail|proton|gmx|web|mail|yandex|qq|163|msn|fastmail|zoho';
const LOCAL = '(?<![\\w.+-])[\\w+-][\\w.+-]{0,63}';
const BRACKETED_AT = ' {0,2}[\\[({<] ?(?:at|@) ?[\\])}>] {0,2}';
const BRACKETED_DOT = ' {0,2}[\\[({<] ?(?:dot|\\.) ?[\\])}>] {0,2}';

/** An at in brackets: `jane [at] example [dot] com`, `jane(at)example.com`. */
const BRACKETED = new RegExp(
  `${LOCAL}${BRACKETED_AT}[a-z\\d-]{1,63}(?:(?:${BRACKETED_DOT}| dot |\\.)[a-z\\d-]{2,63}){1,4}(?![\\w-])`,
  'gi',
);
/** A defanged dot: `jane@example[.]com`. */
const DEFANGED = new RegExp(`${LOCAL}@[a-z\\d-]{1,63}(?:${BRACKETED_DOT}[a-z\\d-]{2,63}){1,4}(?![\\w-])`, 'gi');
/** A spelled dot: `jane at example dot com`. */
const SPELLED = new RegExp(`${LOCAL} at [a-z\\d-]{1,63}(?: dot [a-z\\d-]{2,63}){1,4}(?![\\w-])`, 'gi');
/** A mail service: `jane.doe at gmail.com`. */
const SERVICE = new RegExp(`${LOCAL} at (?:${SERVICES})\\.(?:com|net|org|de|fr|ru|me|co\\.uk)(?![\\w-])`, 'gi');

const NOT_A_NAME =
  /^(?:login|logins|error|errors|failed|failure|down|up|users|mail|mails|delivery|outage|is|was|bounced|rejected|look|timeout|incident|issue|problem|back|not|requests?)$/i;

const scans = [BRACKETED, DEFANGED, SPELLED, SERVICE].map((pattern) =>
  scanWith(pattern, (match) => (NOT_A_NAME.test(/^[\w.+-]*/.exec(match[0])?.[0] ?? '') ? undefined : matchSpan(match))),
);

export const spelledEmail: Detector = {
  name: 'email-spelled',
  kind: 'EMAIL_ADDRESS',
  rank: RANK.email,
  patterns: [BRACKETED, DEFANGED, SPELLED, SERVICE, NOT_A_NAME],
  needs: (traits) => traits.space || traits.brace || traits.run > 0,
  scan: (context) =>
    / at |[[({<] ?(?:at|@|dot|\.) ?[\])}>]/i.test(context.text) ? scans.flatMap((scan) => scan(context)) : [],
  examples: {
    matches: [
      { text: 'ask grace [at] example [dot] org', found: 'grace [at] example [dot] org' },
      { text: 'ask grace(at)example.org', found: 'grace(at)example.org' },
      { text: 'ask grace.hopper at example dot org today', found: 'grace.hopper at example dot org' },
      { text: 'from grace@example[.]org', found: 'grace@example[.]org' },
      { text: 'ask grace at gmail.com', found: 'grace at gmail.com' },
    ],
    ignores: ['deploy at example.com failed', 'look at grafana dot', 'outage at gmail.com', 'arr[at] = 3.14'],
  },
};
