import { type Detector, RANK, scanBy, valueOf } from '../detector';

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
  scan: (reading) => (/hook|chat\.g/.test(reading.text) ? scan(reading) : []),
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

const scan = scanBy(HOOK, (match) => valueOf(match));
