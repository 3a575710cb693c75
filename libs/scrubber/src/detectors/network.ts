import { type Detector, matchSpan, RANK, scanWith } from '../detector';

const MAC =
  /(?<![\w:-])(?:[\da-f]{2}([:-])(?:[\da-f]{2}\1){4}[\da-f]{2}|[\da-f]{4}\.[\da-f]{4}\.[\da-f]{4})(?![\w:-]|\.\w)/gi;
const LINK = /(?<![\w@.])(?:[a-z][a-z\d+.-]{1,20}:\/\/|www\.)[^\s"'<>]{3,2048}/gi;

export const mac: Detector = {
  name: 'mac',
  kind: 'MAC_ADDRESS',
  rank: RANK.optional + 2,
  optional: true,
  patterns: [MAC],
  needs: (traits) => traits.run >= 2,
  scan: scanWith(MAC, (match) => (/^(?:00|ff|[:.-])+$/i.test(match[0]) ? undefined : matchSpan(match))),
  examples: {
    matches: [
      { text: 'duplicate AA-BB-CC-DD-EE-FE on vlan 20', found: 'AA-BB-CC-DD-EE-FE' },
      { text: 'port of 00:1b:44:11:3a:b7', found: '00:1b:44:11:3a:b7' },
    ],
    ignores: ['ff:ff:ff:ff:ff:ff', '00:1b:44:11:3a', '00:1b:44:11:3a:b7:01'],
  },
};

export const link: Detector = {
  name: 'link',
  kind: 'LINK',
  rank: RANK.optional + 1,
  optional: true,
  patterns: [LINK],
  needs: (traits) => traits.slash || traits.run >= 3,
  scan: scanWith(LINK, (match) => {
    const span = matchSpan(match);
    return { start: span.start, end: span.end - (/[.,;:!?)\]]{1,3}$/.exec(match[0])?.[0].length ?? 0) };
  }),
  examples: {
    matches: [
      { text: 'see https://wiki.example.org/rb?x=1.', found: 'https://wiki.example.org/rb?x=1' },
      { text: 'see www.example.org/x now', found: 'www.example.org/x' },
    ],
    ignores: ['main.rs panicked', 'and/or'],
  },
};
