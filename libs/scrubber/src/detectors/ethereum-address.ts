import { type Detector, matchSpan, RANK, scanWith, type Span } from '../detector';
import { keccak256 } from '../keccak';
import { consume, type ScanContext } from '../scan-context';

const ADDRESS = /(?<![A-Za-z\d])0x[\dA-Fa-f]{40}(?![A-Za-z\d])/g;
const WALLET_WORD =
  /(?<![a-z])(?:wallet|eth|ether|ethereum|erc20|usdt|usdc|crypto|payout|sweep|contract|withdrawal|withdraw|deposit|address|addr|recipient|beneficiary)(?![a-z])/;

/** Whether the case of the letters is a valid EIP-55 checksum. */
export function passesEip55(address: string): boolean {
  const digits = address.slice(2);
  const hash = keccak256(digits.toLowerCase());
  return [...digits].every((digit, index) => {
    const upper = Number.parseInt(hash[index] ?? '0', 16) > 7;
    return digit === (upper ? digit.toUpperCase() : digit.toLowerCase());
  });
}

/** Mixed case must be a valid checksum. A single case has none, so a word must say that it is an address. */
function accept(match: RegExpExecArray, context: ScanContext): Span | undefined {
  const digits = match[0].slice(2);
  const mixed = /[a-f]/.test(digits) && /[A-F]/.test(digits);
  const meant = WALLET_WORD.test(context.wordsBefore(match.index));
  const believed = mixed ? !consume(context.budget, 'hashes') || passesEip55(match[0]) : meant;
  return believed ? matchSpan(match) : undefined;
}

export const ethereumAddress: Detector = {
  name: 'crypto-ethereum',
  kind: 'CRYPTO_ADDRESS',
  rank: RANK.checksum,
  patterns: [ADDRESS, WALLET_WORD],
  needs: (traits) => traits.run >= 42,
  scan: scanWith(ADDRESS, accept),
  examples: {
    matches: [
      { text: 'seen 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', found: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' },
      {
        text: 'wallet 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed',
        found: '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed',
      },
    ],
    ignores: ['seen 0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed', 'commit 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'],
  },
};
