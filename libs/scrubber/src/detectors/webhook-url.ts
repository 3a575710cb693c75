import { type Detector, RANK, scanWith, valueSpan } from '../detector';

/** Incoming webhooks of chat services: who knows the path may post. The secret part of the path is the value. */
const HOOK =
  /(?<=hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/|discord(?:app)?\.com\/api\/webhooks\/\d{5,20}\/|outlook\.office(?:365)?\.com\/webhook\/|webhook\.office\.com\/webhookb2\/|chat\.googleapis\.com\/v1\/spaces\/[\w-]{1,30}\/messages\?)(?<value>[\w.@/=&%+-]{16,400})/dg;

export const webhookUrl: Detector = {
  name: 'webhook-url',
  kind: 'SECRET',
  rank: RANK.secret,
  precise: true,
  patterns: [HOOK],
  needs: (traits) => traits.slash && traits.run >= 8,
  scan: (context) => (/hook|chat\.g/.test(context.text) ? scan(context) : []),
  examples: {
    matches: [
      {
        text: 'post to https://hooks.slack.com/services/T0000000/B0000000/abcdefghijklmnop failed',
        found: 'T0000000/B0000000/abcdefghijklmnop',
      },
    ],
    ignores: [
      'https://hooks.example.com/services/T0000000/B0000000/abcdefghijklmnop',
      'https://hooks.slack.com/services/',
    ],
  },
};

const scan = scanWith(HOOK, (match) => valueSpan(match));
