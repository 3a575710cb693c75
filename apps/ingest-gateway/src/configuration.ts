import {
  type ConfigurationOf,
  custom,
  flag,
  integer,
  port,
  queueVariables,
  scrubVariables,
  secret,
  spoolVariables,
  text,
} from '@pdaltagent/service';
import { Networks } from './networks';

const NETWORKS = {
  wants: 'networks in CIDR notation, separated by commas',
  parse: (text: string) => Networks.parse(text),
};

export const variables = {
  ...queueVariables,
  confirmTimeoutMs: integer(
    'PDAGENTD_CONFIRM_TIMEOUT_MS',
    5_000,
    'how long RabbitMQ may take to confirm an event; milliseconds',
    { min: 100, max: 60_000 },
  ),
  httpPort: port('PDAGENTD_HTTP_PORT', 8080, 'where events are taken over HTTP; 0 switches it off'),
  httpsPort: port('PDAGENTD_HTTPS_PORT', 8443, 'where events are taken over HTTPS; 0 switches it off'),
  tlsCertificate: text(
    'PDAGENTD_TLS_CERT',
    '/etc/pdagentd/ssl/cert.pem',
    'certificate chain (PEM); missing: a self-signed pair is made once; put there or changed: taken up without restart',
  ),
  tlsKey: text('PDAGENTD_TLS_KEY', '/etc/pdagentd/ssl/key.pem', 'private key of the certificate (PEM)'),
  tlsClientAuthorities: text(
    'PDAGENTD_TLS_CLIENT_CA',
    undefined,
    'authorities (PEM); set: HTTPS clients must show a certificate of one of them',
  ),
  ...spoolVariables,
  spoolMaximumBytes: integer(
    'PDAGENTD_SPOOL_MAX_BYTES',
    4 * 1024 ** 3,
    'how much the spool may hold; bytes. Full, events are answered 503 until RabbitMQ takes them again',
    { min: 1024 * 1024 },
  ),
  maxInFlight: integer(
    'PDAGENTD_MAX_IN_FLIGHT',
    1_000,
    'events that may wait for RabbitMQ’s confirm; a quarter of them per lane, and what exceeds it goes to the spool',
    { min: 1 },
  ),
  strict: flag('PDAGENTD_STRICT', false, 'refuse events over PagerDuty’s limits instead of cutting them'),
  ingestTokens: secret(
    'PDAGENTD_INGEST_TOKENS',
    'tokens, separated by commas; set: senders must show one (Authorization: Bearer, or X-PDaltagent-Token)',
  ),
  allowedNetworks: custom('PDAGENTD_ALLOWED_NETWORKS', 'where senders must be, as 10.0.0.0/8,2001:db8::/32', NETWORKS),
  trustedProxies: custom(
    'PDAGENTD_TRUSTED_PROXIES',
    'proxies whose X-Forwarded-For tells where a sender is, as 10.0.0.5,10.1.0.0/16',
    NETWORKS,
  ),
  forwardHeaders: text(
    'PDAGENTD_FORWARD_HEADERS',
    undefined,
    'headers of vendors that are passed on to PagerDuty besides those it reads, separated by commas',
  ),
  scrub: flag('PDAGENTD_SCRUB_PII', false, 'take personal and secret data out of events before they are stored'),
  ...scrubVariables,
};

export type Configuration = ConfigurationOf<typeof variables>;
