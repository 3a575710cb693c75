import { type Detector, matchSpan, RANK, scanWith } from '../detector';

const ZIP = /(?<![\w.:,/#$+-])\d{5}(?:-\d{4})?(?![\w.:/%-])/g;
const ZIP_WORD =
  /(?<![a-z])(?:zip|zip code|zipcode|postal|postal code|postcode|post code|plz|[a-z]{2,20}, [a-z]{2})[ .:=#"']{1,4}$/;
const PRICE = /(?<![\w])(?:[$€£¥]|(?:USD|EUR|GBP) ) ?\d{1,15}(?:[.,]\d{1,3}){0,5}(?!\d)/g;
const HEX_COLOR = /(?<![\w&/#])#(?:[\da-f]{8}|[\da-f]{6}|[\da-f]{3})(?![\w])/gi;

export const zip: Detector = {
  name: 'zip',
  kind: 'ZIP_CODE',
  rank: RANK.optional,
  optional: true,
  patterns: [ZIP, ZIP_WORD],
  needs: (traits) => traits.digits >= 5,
  scan: scanWith(ZIP, (match, context) =>
    ZIP_WORD.test(context.wordsBefore(match.index)) ? matchSpan(match) : undefined,
  ),
  examples: {
    matches: [
      { text: 'Springfield, IL 62704', found: '62704' },
      { text: 'zip=62704-1234', found: '62704-1234' },
    ],
    ignores: ['worker 28461 died', 'port 61616'],
  },
};

export const price: Detector = {
  name: 'price',
  kind: 'PRICE',
  rank: RANK.optional,
  optional: true,
  patterns: [PRICE],
  needs: (traits) => traits.digits > 0,
  scan: scanWith(PRICE, matchSpan),
  examples: {
    matches: [{ text: 'cost $1,234.56 today', found: '$1,234.56' }],
    ignores: ['shell $var', 'grew by 12.50'],
  },
};

export const hexColor: Detector = {
  name: 'hex-color',
  kind: 'HEX_COLOR',
  rank: RANK.optional,
  optional: true,
  patterns: [HEX_COLOR],
  needs: (traits) => traits.run >= 3,
  scan: scanWith(HEX_COLOR, matchSpan),
  examples: {
    matches: [{ text: 'badge #ff8800 missing', found: '#ff8800' }],
    ignores: ['issue #12345', 'PR #654321x', 'url/page#abc'],
  },
};
