import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { certificates, choice, custom, url } from './variable';

/** For processes that connect to a server with TLS. */
export const authorityVariables = {
  certificateAuthorities: certificates(
    'PDAGENTD_CA_FILE',
    'additional certificate authorities to trust (PEM): that of RabbitMQ or Redis, of a corporate proxy',
  ),
};

/** The broker, for processes that use queues but do not declare them. */
export const brokerVariables = {
  ...authorityVariables,
  amqpUrl: url('PDAGENTD_AMQP_URL', 'amqp://guest:guest@localhost:5672', 'RabbitMQ', {
    schemes: ['amqp', 'amqps', 'pyamqp'],
    aliases: ['CELERY_BROKER_URL'],
    secret: true,
  }),
};

/** For processes that declare queues: must be the same in all of them. */
export const queueVariables = {
  ...brokerVariables,
  queueType: choice(
    'PDAGENTD_QUEUE_TYPE',
    ['quorum', 'classic'],
    'quorum',
    'type of the queues in RabbitMQ; the same in all services',
  ),
  topologyMode: choice(
    'PDAGENTD_TOPOLOGY',
    ['declare', 'check'],
    'declare',
    'declare: exchanges and queues are declared at each connect, or checked if the user may not declare them; check: only checked, because pdaltagent setup declares them',
  ),
};

export const redisVariables = {
  ...authorityVariables,
  redisUrl: url('PDAGENTD_REDIS_URL', 'redis://localhost:6379', 'Redis, which stores what was read and delivered', {
    schemes: ['redis', 'rediss'],
    secret: true,
  }),
};

/** How to connect to RabbitMQ or Redis. */
export interface ServerAddress {
  readonly url: string;
  /** Certificates (PEM) of authorities that are trusted in addition to Node's own. */
  readonly authorities: readonly string[];
}

interface Authorities {
  readonly certificateAuthorities: string | undefined;
}

/**
 * The additional authorities, read from their file, in one text. A list of authorities replaces Node's own with those of
 * NODE_EXTRA_CA_CERTS, so that these must be in it.
 */
export function authoritiesOf({ certificateAuthorities }: Authorities, environment = process.env): readonly string[] {
  if (certificateAuthorities === undefined) return [];
  const known = environment['NODE_EXTRA_CA_CERTS'] ?? '';
  return [`${readFileSync(certificateAuthorities, 'utf8')}\n${known === '' ? '' : textOf(known)}`];
}

/** Node, too, goes on without a file that it cannot read, and warns. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

export function brokerOf(configuration: Authorities & { readonly amqpUrl: string }): ServerAddress {
  return { url: configuration.amqpUrl, authorities: authoritiesOf(configuration) };
}

export function redisOf(configuration: Authorities & { readonly redisUrl: string }): ServerAddress {
  return { url: configuration.redisUrl, authorities: authoritiesOf(configuration) };
}

/** For processes that listen on a port. */
export const listenVariables = {
  listenAddress: custom(
    'PDAGENTD_LISTEN_ADDRESS',
    'IP address on which all ports are opened, for example 127.0.0.1; if unset: every address of this host, for the admin port 127.0.0.1',
    {
      mustBe: 'an IP address, for example 127.0.0.1',
      parse: (text: string) => (isIP(text.trim()) === 0 ? undefined : text.trim()),
    },
  ),
};
