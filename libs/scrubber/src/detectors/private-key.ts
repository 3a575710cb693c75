import { type Detector, RANK, type Span } from '../detector';

const BEGIN = '-----BEGIN ';
/** Labels of private keys in PEM (RFC 7468) and OpenPGP. */
const LABEL = /[A-Z\d ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
const END = /-----END [A-Z\d ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

export const privateKey: Detector = {
  name: 'private-key',
  kind: 'SECRET',
  rank: RANK.secret,
  precise: true,
  patterns: [LABEL, END],
  needs: (traits) => traits.run >= 10,
  scan: ({ text }) => {
    const spans: Span[] = [];
    for (let start = text.indexOf(BEGIN); start >= 0;) {
      LABEL.lastIndex = start + BEGIN.length;
      let end = start + BEGIN.length;
      if (LABEL.test(text)) {
        END.lastIndex = LABEL.lastIndex;
        // A truncated key extends to the end of the text.
        end = END.test(text) ? END.lastIndex : text.length;
        spans.push({ start, end });
      }
      start = text.indexOf(BEGIN, end);
    }
    return spans;
  },
  examples: {
    matches: [
      {
        text: 'x -----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY----- y',
        found: '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----',
      },
      { text: 'cut -----BEGIN PRIVATE KEY-----\\nMIIEow', found: '-----BEGIN PRIVATE KEY-----\\nMIIEow' },
    ],
    ignores: ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', '-----BEGIN PUBLIC KEY-----'],
  },
};
