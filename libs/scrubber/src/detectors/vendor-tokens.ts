import { type Detector, type Match, matchSpan, RANK, scanWith } from '../detector';
import {
  CHAT_TOKENS,
  CLOUD_KEYS,
  CODE_TOKENS,
  PAYMENT_AND_MAIL_TOKENS,
  SERVICE_TOKENS,
  type TokenFormat,
} from '../token-formats';

/** Makes a detector for a group of token formats. */
function tokenDetector(
  name: string,
  formats: readonly TokenFormat[],
  matches: readonly Match[],
  ignores: readonly string[],
): Detector {
  const pattern = new RegExp(`(?<![\\w-])(?:${formats.map((format) => format.pattern).join('|')})(?![\\w-])`, 'g');
  return {
    name,
    kind: 'SECRET',
    rank: RANK.secret,
    precise: true,
    patterns: [pattern],
    needs: (traits) => traits.run >= 16,
    scan: scanWith(pattern, matchSpan),
    examples: { matches, ignores },
  };
}

/** The examples are built at run time, so that secret scanners do not report this file. */
const filler = (length: number): string => 'a1B2c3D4e5F6g7H8i9J0'.repeat(20).slice(0, length);
const hex = (length: number): string => '0f1e2d3c4b5a69788796a5b4c3d2e1f0'.repeat(5).slice(0, length);
const example = (token: string): Match => ({ text: `token ${token} leaked`, found: token });

export const cloudKeys = tokenDetector(
  'cloud-keys',
  CLOUD_KEYS,
  [example(`AKIA${'IOSFODNN7EXAMPLE'}`), example(`AIza${filler(35)}`), example(`dop_v1_${hex(64)}`)],
  ['AKIA2', 'XAKIAIOSFODNN7EXAMPLE', 'sha256 of the image'],
);

export const codeTokens = tokenDetector(
  'code-tokens',
  CODE_TOKENS,
  [example(`ghp_${filler(36)}`), example(`glpat-${filler(20)}`), example(`npm_${filler(36)}`)],
  ['ghp_short', 'glpat-1', 'npm_config_cache'],
);

export const chatTokens = tokenDetector(
  'chat-tokens',
  CHAT_TOKENS,
  [example(`xoxb-123456789012-${filler(24)}`), example(`123456789:AA${filler(33)}`)],
  ['xoxb-1', 'pattern.matches', '12345678:AA'],
);

export const paymentAndMailTokens = tokenDetector(
  'payment-and-mail-tokens',
  PAYMENT_AND_MAIL_TOKENS,
  [example(`sk_live_${filler(24)}`), example(`SG.${filler(22)}.${filler(43)}`), example(`key-${hex(32)}`)],
  ['sk_live_1', 'SG.1.2', `monkey-${hex(32)}`],
);

export const serviceTokens = tokenDetector(
  'service-tokens',
  SERVICE_TOKENS,
  [
    example(`sk-ant-api03-${filler(80)}`),
    example(`hf_${'abcdefghij'.repeat(3)}abcd`),
    example(`glsa_${filler(32)}_${hex(8)}`),
  ],
  ['sk-1', 'hf_transfer', 'dt0c01'],
);
