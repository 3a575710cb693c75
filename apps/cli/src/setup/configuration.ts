import { type JournalLimits } from '@pdaltagent/journal';
import { type Role, ROLES } from '@pdaltagent/operations';
import {
  brokerOf,
  ConfigurationError,
  type Environment,
  journalVariables,
  queueVariables,
  readConfiguration,
  url,
} from '@pdaltagent/service';

const HELP = 'RabbitMQ with the user and the password of that service';
const OPTIONS = { schemes: ['amqp', 'amqps', 'pyamqp'], secret: true };

const USERS = {
  'ingest-gateway': url('PDAGENTD_GATEWAY_AMQP_URL', undefined, HELP, OPTIONS),
  'delivery-worker': url('PDAGENTD_WORKER_AMQP_URL', undefined, HELP, OPTIONS),
  'log-poller': url('PDAGENTD_POLLER_AMQP_URL', undefined, HELP, OPTIONS),
  'webhook-sender': url('PDAGENTD_SENDER_AMQP_URL', undefined, HELP, OPTIONS),
  operator: url('PDAGENTD_OPERATOR_AMQP_URL', undefined, HELP, OPTIONS),
} as const satisfies Record<Role, unknown>;

const variables = {
  ...queueVariables,
  ...journalVariables,
  managementUrl: url(
    'PDAGENTD_MANAGEMENT_URL',
    undefined,
    'RabbitMQ’s management API; if unset: port 15672 of the host in PDAGENTD_AMQP_URL, or with amqps:// port 15671',
    { secret: true },
  ),
  ...USERS,
};

/** A user of RabbitMQ that is to be set up. */
export interface Account {
  readonly role: Role;
  readonly name: string;
  readonly password: string;
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

export interface SetupConfiguration {
  readonly broker: { readonly url: string; readonly authorities: readonly string[] };
  readonly queueType: 'quorum' | 'classic';
  /** Undefined if the journal is switched off. */
  readonly journal: JournalLimits | undefined;
  readonly managementUrl: string;
  readonly administrator: Credentials;
  readonly virtualHost: string;
  readonly accounts: readonly Account[];
  /** The variables of those that have no user of their own. */
  readonly missing: readonly { readonly role: Role; readonly variable: string }[];
}

/** @throws ConfigurationError */
export function setupConfiguration(environment: Environment): SetupConfiguration {
  const configuration = readConfiguration(variables, environment);
  const broker = brokerOf(configuration);
  const administrator = credentialsOf(broker.url);
  const virtualHost = virtualHostOf(broker.url);
  const problems: string[] = [];
  const accounts: Account[] = [];
  const missing: { readonly role: Role; readonly variable: string }[] = [];
  for (const role of ROLES) {
    const variable = USERS[role].name;
    const of = configuration[role];
    if (of === undefined) {
      missing.push({ role, variable });
      continue;
    }
    const credentials = credentialsOf(of);
    const other = accounts.find(({ name }) => name === credentials.name);
    const problem = () => {
      if (credentials.name === '' || credentials.password === '') return 'has no user or no password: both are needed';
      if (credentials.name === administrator.name)
        return `has the user "${administrator.name}", as PDAGENTD_AMQP_URL: it would lose its rights; name another one`;
      if (other !== undefined) return `has the user "${credentials.name}" of ${other.role}: each needs its own`;
      if (virtualHostOf(of) !== virtualHost)
        return `has the virtual host "${virtualHostOf(of)}", but PDAGENTD_AMQP_URL has "${virtualHost}"`;
      return undefined;
    };
    const found = problem();
    if (found === undefined) accounts.push({ role, ...credentials });
    else problems.push(`${variable} ${found}`);
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  const managementUrl = configuration.managementUrl ?? managementUrlOf(broker.url);
  return {
    broker,
    queueType: configuration.queueType,
    journal: configuration.journal
      ? { maximumAgeSeconds: configuration.journalMaxAgeSeconds, maximumBytes: configuration.journalMaxBytes }
      : undefined,
    ...management(managementUrl, administrator),
    virtualHost,
    accounts,
    missing,
  };
}

/** A user in the URL of the management API takes precedence over that of AMQP. */
function management(url: string, administrator: Credentials) {
  const own = credentialsOf(url);
  const without = new URL(url);
  without.username = '';
  without.password = '';
  return {
    managementUrl: without.href.replace(/\/+$/, ''),
    administrator: own.name === '' ? administrator : own,
  };
}

function managementUrlOf(amqpUrl: string): string {
  const { protocol, hostname } = new URL(amqpUrl);
  return protocol === 'amqps:' ? `https://${hostname}:15671` : `http://${hostname}:15672`;
}

function credentialsOf(text: string): Credentials {
  const { username, password } = new URL(text);
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** amqplib's reading of the path. */
function virtualHostOf(text: string): string {
  const { pathname } = new URL(text);
  return pathname.length > 1 ? decodeURIComponent(pathname.slice(1)) : '/';
}
