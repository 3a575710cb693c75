import { type Detector, RANK, scanWith, valueSpan } from '../detector';
import { looksGenerated } from '../secret-value';

/** Paths of webhooks, up to the secret. Anyone who knows the URL can post. */
const PATHS = [
  'hooks\\.slack(?:-gov)?\\.com/(?:services|workflows|triggers|commands|actions)/',
  'discord(?:app)?\\.com/api/(?:v\\d{1,2}/)?(?:webhooks|interactions)/\\d{5,20}/',
  'outlook\\.office(?:365)?\\.com/webhook/',
  'webhook\\.office\\.com/webhookb2/',
  'chat\\.googleapis\\.com/v1/spaces/[\\w-]{1,30}/messages\\?',
  'hooks\\.zapier\\.com/hooks/(?:catch|standard)/',
  'hook\\.(?:[a-z]{2}\\d\\.)?(?:make|integromat)\\.com/',
  'maker\\.ifttt\\.com/trigger/[\\w-]{1,64}/(?:json/)?with/key/',
  'open\\.(?:feishu\\.cn|larksuite\\.com)/open-apis/bot/v2/hook/',
  'webexapis\\.com/v1/webhooks/incoming/',
  'api\\.ciscospark\\.com/v1/webhooks/incoming/',
  'hooks\\.chime\\.aws/incomingwebhooks/',
  'api\\.flock\\.com/hooks/sendMessage/',
  'alert\\.victorops\\.com/integrations/generic/\\d{8}/alert/',
  'events\\.squadcast\\.com/v2/incidents/\\w{1,20}/|api\\.squadcast\\.com/v[23]/incidents/\\w{1,20}/',
  'hc-ping\\.com/',
  'cronitor\\.link/p/',
  'heartbeat\\.uptimerobot\\.com/',
  'uptime\\.better(?:stack|uptime)\\.com/api/v1/heartbeat/',
  'zenduty\\.com/(?:api/events|integration/[\\w-]{1,40})/',
  'grafana\\.net/(?:oncall/)?integrations/v1/\\w{1,40}/',
];
/** Texts without one of these hosts are skipped. */
const HOST = /hook|chat\.googleapis|ifttt|victorops|squadcast|hc-ping|cronitor|heartbeat|uptime|zenduty|grafana\.net/;
const HOOK = new RegExp(`(?<=${PATHS.join('|')})(?<value>[\\w.@/=&%+-]{16,400})`, 'dg');
/** Telegram's bot API: `/bot<id>:<secret>/method`, also below `/file`. */
const BOT = /(?<=(?<![\w-])bot)(?<value>\d{5,12}(?::|%3A)[\w-]{20,64})/dgi;
/** Self-hosted servers, with any host name: Mattermost, Rocket.Chat, Uptime Kuma, Home Assistant. */
const SELF_HOSTED =
  /(?<=\/(?:hooks(?:\/[A-Za-z\d]{17,24})?|api\/push|api\/webhook)\/)(?<value>[A-Za-z\d_-]{20,64})(?![\w-])/dg;
/** A path segment that names the next one: `/token/<token>`. */
const NAMED = /(?<=\/(?:(?:access|auth)[_-]?)?(?:token|api[_-]?key)\/)(?<value>(?!0x)[\w.-]{20,128})(?![\w-])/dgi;

/** Whether a value looks generated and has both letters and digits. */
const isMixed = (value: string): boolean => looksGenerated(value) && /\d/.test(value) && /[a-z]/i.test(value);
const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

const scanHooks = scanWith(HOOK, valueSpan);
const scanBots = scanWith(BOT, valueSpan);
const scanNamed = [SELF_HOSTED, NAMED].map((pattern) =>
  scanWith(pattern, (match) => {
    const value = match.groups?.['value'] ?? '';
    return isMixed(value) && !UUID.test(value) ? valueSpan(match) : undefined;
  }),
);

export const webhookUrl: Detector = {
  name: 'webhook-url',
  kind: 'SECRET',
  rank: RANK.secret,
  precise: true,
  patterns: [HOST, HOOK, BOT, SELF_HOSTED, NAMED],
  needs: (traits) => (traits.slash || traits.assignment) && traits.run >= 8,
  scan: (context) => {
    const { text } = context;
    return [
      ...(HOST.test(text) ? scanHooks(context) : []),
      ...(/bot\d/i.test(text) ? scanBots(context) : []),
      ...(/hooks\/|api\/push|api\/webhook|token\/|key\//i.test(text) ? scanNamed.flatMap((scan) => scan(context)) : []),
    ];
  },
  examples: {
    matches: [
      {
        text: 'post to https://hooks.slack.com/services/T0000000/B0000000/abcdefghijklmnop failed',
        found: 'T0000000/B0000000/abcdefghijklmnop',
      },
      {
        text: 'POST https://api.telegram.org/bot123456789:AAF0x1y2z3A4B5C6D7E8F9G0H1I2J3K4L5M/sendMessage',
        found: '123456789:AAF0x1y2z3A4B5C6D7E8F9G0H1I2J3K4L5M',
      },
      {
        text: 'GET /file/bot123456789:AAF0x1y2z3A4B5C6D7E8F9G0H1I2J3K4L5M/photos/1.jpg',
        found: '123456789:AAF0x1y2z3A4B5C6D7E8F9G0H1I2J3K4L5M',
      },
      {
        text: 'https://discord.com/api/v10/webhooks/123456789012345678/aB3-dE5_gH7jK9mN1pQ3',
        found: 'aB3-dE5_gH7jK9mN1pQ3',
      },
      {
        text: 'https://acme.webhook.office.com/webhookb2/0f1e2d3c-aaaa/IncomingWebhook/x9',
        found: '0f1e2d3c-aaaa/IncomingWebhook/x9',
      },
      { text: 'https://chat.acme.test/hooks/xk4r8w1n5tbm3yq9c7dz2fha6e', found: 'xk4r8w1n5tbm3yq9c7dz2fha6e' },
      { text: 'GET /api/v2/token/a1B2c3D4e5F6g7H8i9J0 404', found: 'a1B2c3D4e5F6g7H8i9J0' },
    ],
    ignores: [
      'https://hooks.example.com/services/T0000000/B0000000/abcdefghijklmnop',
      'https://hooks.slack.com/services/',
      'GET /bots/123456789/status',
      'GET /api/v1/token/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0',
      'https://etherscan.io/token/0xdAC17F958D2ee523a2206206994597C13D831ec7',
      '/hooks/post-receive-notify-everyone-by-mail',
    ],
  },
};
