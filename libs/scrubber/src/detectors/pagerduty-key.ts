import { type Detector, RANK, scanWith, valueSpan } from '../detector';

/** Integration and routing keys: 32 hexadecimal digits, or `R` and 31 letters and digits. MD5 hashes look the same, so a word must name it. */
const KEY = '(?:[\\da-f]{32}|R[\\dA-Z]{31})';
const NAMED = new RegExp(
  `(?<=(?<![a-z])(?:routing|service|integration|events?(?: ?api)?|pagerduty|pd)[ _-]?(?:api[ _-]?|integration[ _-]?)?key["'\\\\]{0,3} ?(?:is |[:=] ?)?["'\\\\]{0,3})(?<value>${KEY})(?![\\w-])`,
  'dgi',
);
/** Vendor or version in an adapter's path, as the gateway accepts them (`isAdapter` in libs/events). */
const SEGMENT = '[\\w-][\\w.-]{0,63}';
const IN_PATH = new RegExp(
  `(?<=/(?:integration|x-ere|generic/[\\w-]{1,20}|adapter/${SEGMENT}/${SEGMENT})/)(?<value>${KEY})(?![\\w-])`,
  'dgi',
);
/** Scoped OAuth tokens and user tokens have a prefix. */
const OAUTH = /(?<![\w+-])(?<value>pd(?:us|eu)\+_[\w+-]{16,200})/dg;
const REST =
  /(?<=(?<![a-z])(?:pagerduty|pd)[ _-]?(?:rest[ _-]?)?(?:api[ _-]?)?(?:token|key|secret)["'\\]{0,3} ?[:=]? ?["'\\]{0,3})(?<value>(?:u\+|y_)?[\w+-]{18,64})(?![\w+-])/dgi;

const scans = [NAMED, IN_PATH, OAUTH, REST].map((pattern) => scanWith(pattern, (match) => valueSpan(match)));

export const pagerdutyKey: Detector = {
  name: 'pagerduty-key',
  kind: 'SECRET',
  rank: RANK.secret + 1,
  precise: true,
  patterns: [NAMED, IN_PATH, OAUTH, REST],
  needs: (traits) => traits.run >= 18 || traits.at,
  scan: (context) =>
    /key|token|integration\/|adapter\/|x-ere|pd(?:us|eu)\+/i.test(context.text)
      ? scans.flatMap((scan) => scan(context))
      : [],
  examples: {
    matches: [
      { text: 'routing_key=0123456789abcdef0123456789abcdef rejected', found: '0123456789abcdef0123456789abcdef' },
      { text: 'POST /integration/0123456789abcdef0123456789abcdef/enqueue', found: '0123456789abcdef0123456789abcdef' },
      {
        text: 'POST /adapter/cloudwatch_sns/v1/0123456789abcdef0123456789abcdef',
        found: '0123456789abcdef0123456789abcdef',
      },
      {
        text: 'POST /adapter/a_vendor.with-a-name-of-more-than.forty-characters/v1.2.3/0123456789abcdef0123456789abcdef',
        found: '0123456789abcdef0123456789abcdef',
      },
      { text: 'routing key R0123456789ABCDEFGHIJKLMNOPQRSTU', found: 'R0123456789ABCDEFGHIJKLMNOPQRSTU' },
      { text: 'PAGERDUTY_API_TOKEN=u+abcDEF_ghiJKL-mno12', found: 'u+abcDEF_ghiJKL-mno12' },
    ],
    ignores: [
      'md5 0123456789abcdef0123456789abcdef',
      'key 0123456789abcdef0123456789abcdef evicted',
      'integration test passed',
    ],
  },
};
