import { decodeBase58Check } from '../base58';
import { type Detector, matchSpan, RANK, scanWith } from '../detector';

/** Bitcoin, Litecoin, Dogecoin, Dash, Zcash and Tron addresses: version, 20-byte hash and checksum. */
const ADDRESS = /(?<![A-Za-z\d])[123LMDAX9tTmn][1-9A-HJ-NP-Za-km-z]{25,35}(?![A-Za-z\d])/g;

export const base58Address: Detector = {
  name: 'crypto-base58',
  kind: 'BTC_ADDRESS',
  rank: RANK.checksum,
  patterns: [ADDRESS],
  needs: (traits) => traits.run >= 26,
  scan: scanWith(ADDRESS, (match) => {
    const size = decodeBase58Check(match[0])?.length ?? 0;
    return size === 21 || size === 22 ? matchSpan(match) : undefined;
  }),
  examples: {
    matches: [
      { text: 'to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa.', found: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa' },
      { text: 'to 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', found: '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy' },
    ],
    ignores: ['to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', 'x1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
  },
};
