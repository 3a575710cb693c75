import { type Detector, matchSpan, RANK, scanWith } from '../detector';

/** Segregated-witness addresses of Bitcoin and its derivatives (BIP 173, BIP 350), in one case. */
const ADDRESS =
  /(?<![A-Za-z\d])(?:bc|tb|bcrt|ltc|tltc|addr|cosmos|BC|TB|LTC)1[02-9ac-hj-np-zAC-HJ-NP-Z]{11,98}(?![A-Za-z\d])/g;
const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CONSTANTS = [1, 0x2bc830a3];

/** Whether the checksum of a bech32 or bech32m text is valid. */
export function passesBech32(text: string): boolean {
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return false;
  const separator = lower.lastIndexOf('1');
  const prefix = [...lower.slice(0, separator)].map((character) => character.charCodeAt(0));
  const data = [...lower.slice(separator + 1)].map((character) => CHARSET.indexOf(character));
  const values = [...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31), ...data];
  let checksum = 1;
  for (const value of values) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((generator, bit) => {
      if ((top >> bit) & 1) checksum ^= generator;
    });
  }
  return CONSTANTS.includes(checksum);
}

export const bech32Address: Detector = {
  name: 'crypto-bech32',
  kind: 'BTC_ADDRESS',
  rank: RANK.checksum,
  patterns: [ADDRESS],
  needs: (traits) => traits.run >= 14,
  scan: scanWith(ADDRESS, (match) => (passesBech32(match[0]) ? matchSpan(match) : undefined)),
  examples: {
    matches: [
      { text: 'to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4,', found: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4' },
      {
        text: 'to bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
        found: 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
      },
    ],
    ignores: ['to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5', 'abc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
  },
};
