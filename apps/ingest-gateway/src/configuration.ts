import {
  type ConfigurationOf,
  custom,
  digestVariables,
  flag,
  integer,
  journalVariables,
  listenVariables,
  port,
  queueVariables,
  scrubVariables,
  secret,
  spoolVariables,
  text,
} from '@pdaltagent/service';
import { CertificateNames } from './certificate-names';
import { cipherList } from './ciphers';
import { HostNames } from './host-names';
import { Networks } from './networks';

const NETWORKS = {
  mustBe: 'networks in CIDR notation, separated by commas',
  parse: (text: string) => Networks.parse(text),
};

export const variables = {
  ...queueVariables,
  ...digestVariables,
  ...journalVariables,
  confirmTimeoutMs: integer(
    'PDAGENTD_CONFIRM_TIMEOUT_MS',
    5_000,
    'how long RabbitMQ may take to confirm an event before it goes to the spool; milliseconds',
    { min: 100, max: 60_000 },
  ),
  ...listenVariables,
  httpPort: port('PDAGENTD_HTTP_PORT', 8080, 'port for events over HTTP; 0 disables it'),
  httpsPort: port('PDAGENTD_HTTPS_PORT', 8443, 'port for events over HTTPS; 0 disables it'),
  tlsCertificate: text(
    'PDAGENTD_TLS_CERT',
    '/etc/pdagentd/ssl/cert.pem',
    'certificate chain (PEM), reloaded when it changes; if missing, a self-signed pair is generated once',
  ),
  tlsKey: text('PDAGENTD_TLS_KEY', '/etc/pdagentd/ssl/key.pem', 'private key of the certificate (PEM)'),
  tlsNames: custom(
    'PDAGENTD_TLS_NAMES',
    'names and IP addresses that senders use for this gateway, separated by commas, for the self-signed pair; if changed, a new pair is generated',
    {
      mustBe:
        'host names and IP addresses, separated by commas, for example gateway.example.com,10.0.0.5; an IPv6 address without a zone (%eth0) and without an IPv4 address in it (::ffff:10.0.0.5)',
      parse: (text: string) => CertificateNames.parse(text),
    },
  ),
  tlsClientAuthorities: text(
    'PDAGENTD_TLS_CLIENT_CA',
    undefined,
    'authorities (PEM), reloaded when they change; if set, HTTPS clients must present a certificate from one of them',
  ),
  tlsClientRevocations: text(
    'PDAGENTD_TLS_CLIENT_CRL',
    undefined,
    'revocation lists (PEM) of the authorities in PDAGENTD_TLS_CLIENT_CA, one of each, reloaded when they change',
  ),
  tlsCiphers: custom(
    'PDAGENTD_TLS_CIPHERS',
    'ciphers of HTTPS as an OpenSSL cipher list; if unset: TLS 1.3, and of TLS 1.2 those with forward secrecy and AEAD',
    {
      mustBe: 'an OpenSSL cipher list, for example ECDHE-RSA-AES256-GCM-SHA384:TLS_AES_256_GCM_SHA384',
      parse: (text: string) => cipherList(text),
    },
  ),
  ...spoolVariables,
  spoolMaximumBytes: integer(
    'PDAGENTD_SPOOL_MAX_BYTES',
    4 * 1024 ** 3,
    'maximum size of the spool; bytes. If it is full, events are answered 503 until RabbitMQ accepts them again',
    { min: 1024 * 1024 },
  ),
  maxInFlight: integer(
    'PDAGENTD_MAX_IN_FLIGHT',
    1_000,
    'events that may wait for a publisher confirm, per lane a quarter of them; further events go to the spool',
    { min: 1 },
  ),
  strict: flag(
    'PDAGENTD_STRICT',
    false,
    'refuse events over PagerDuty’s limits, or with an invalid optional part, instead of accepting them without it',
  ),
  ingestTokens: secret(
    'PDAGENTD_INGEST_TOKENS',
    'tokens, separated by commas, better with names (name=token); if set, senders must present one (Authorization: Bearer, or X-PDaltagent-Token)',
  ),
  ingestTokensFile: text(
    'PDAGENTD_INGEST_TOKENS_FILE',
    undefined,
    'file of tokens, used instead: one per line, name=token or name=sha256:HASH; reloaded when it changes',
  ),
  allowedHosts: custom(
    'PDAGENTD_ALLOWED_HOSTS',
    'host names by which senders may address this gateway, for example gateway.example.com,*.internal; if unset: any',
    {
      mustBe:
        'host names and IP addresses without ports, separated by commas, for example gateway.example.com,*.internal',
      parse: (text: string) => HostNames.parse(text),
    },
  ),
  allowedNetworks: custom(
    'PDAGENTD_ALLOWED_NETWORKS',
    'networks that senders must be in, for example 10.0.0.0/8,2001:db8::/32',
    NETWORKS,
  ),
  trustedProxies: custom(
    'PDAGENTD_TRUSTED_PROXIES',
    'proxies whose X-Forwarded-For is trusted for the address of a sender, for example 10.0.0.5,10.1.0.0/16',
    NETWORKS,
  ),
  senderRate: integer(
    'PDAGENTD_SENDER_RATE',
    0,
    'requests a second of one sender, with bursts of ten seconds’ worth; more are answered 429; 0: any number',
  ),
  senderConnections: integer(
    'PDAGENTD_SENDER_CONNECTIONS',
    10_000,
    'open connections from one address (IPv6: one /64) that is not a trusted proxy; further ones are closed; 0: any number',
  ),
  forwardHeaders: text(
    'PDAGENTD_FORWARD_HEADERS',
    undefined,
    'vendor headers to forward to PagerDuty in addition to those it reads, separated by commas',
  ),
  scrub: flag('PDAGENTD_SCRUB_PII', false, 'replace personal data and secrets in events before they are stored'),
  ...scrubVariables,
};

export type Configuration = ConfigurationOf<typeof variables>;
