import { PERMISSIONS, ROLES } from '@pdaltagent/operations';
import { Command } from 'commander';
import { type CommandRunner } from '../dead-letters/command';
import { operatorAction, recordActions } from '../journal/record-actions';
import { alignColumns } from '../table';
import { type Terminal } from '../terminal';
import { type SetupConfiguration, setupConfiguration } from './configuration';
import { Management } from './management';
import { setUpTopology, type TopologyResult } from './topology';
import { setUpUser, type UserResult } from './users';

export interface SetupOptions {
  readonly json?: true;
}

export function setupCommand(terminal: Terminal, run: CommandRunner): Command {
  return new Command('setup')
    .description('declare the queues in RabbitMQ, and a user for each service with the permissions that it needs')
    .option('--json', 'the result as JSON')
    .addHelpText('after', HELP)
    .action((options: SetupOptions) => run(setup(terminal, options)));
}

/** @returns 0 once everything is as it has to be; can be repeated */
export async function setup(terminal: Terminal, { json }: SetupOptions): Promise<number> {
  const { environment, out, error } = terminal;
  const configuration = setupConfiguration(environment);
  const { managementUrl: url, broker, administrator, virtualHost, accounts, missing } = configuration;
  const management = new Management({ url, authorities: broker.authorities, administrator, virtualHost });
  await management.requireAdministrator();
  const topology = await setUpTopology(configuration, management);
  const users: UserResult[] = [];
  for (const account of accounts) users.push(await setUpUser(account, management));
  if (json) out(`${JSON.stringify(recordOf(configuration, topology, users), null, 2)}\n`);
  else out(textOf(configuration, topology, users));
  if (topology.journalProblem !== undefined)
    error(
      `there is no journal, RabbitMQ refuses its stream: ${topology.journalProblem}\n` +
        'everything else works without it; PDAGENTD_JOURNAL=false, here and for the services, switches it off\n',
    );
  for (const { role, variable } of missing) error(`${role} has no user of its own: ${variable} is not set\n`);
  const changed = users.filter(({ account, permissions }) => account !== 'unchanged' || permissions !== 'unchanged');
  if (journalStateOf(configuration, topology) === 'ready' && changed.length > 0) {
    const changes = changed.map(({ user, account, permissions }) => `${user} (${account}, permissions ${permissions})`);
    await recordActions(terminal, operatorAction('setup', `users of RabbitMQ: ${changes.join(', ')}`));
  }
  return 0;
}

function journalStateOf({ journal }: SetupConfiguration, { journalProblem }: TopologyResult): string {
  if (journal === undefined) return 'off';
  return journalProblem === undefined ? 'ready' : 'refused';
}

function textOf(configuration: SetupConfiguration, topology: TopologyResult, users: readonly UserResult[]): string {
  const { exchanges, declaredExchanges, queues, declaredQueues, removedBindings } = topology;
  const lines = [
    `virtual host ${configuration.virtualHost}`,
    `exchanges: ${exchanges.length}, of which ${declaredExchanges.length} were declared now`,
    `queues: ${queues.length}, of which ${declaredQueues.length} were declared now`,
    `bindings of earlier versions: ${removedBindings} removed`,
    `journal: ${journalStateOf(configuration, topology)}`,
  ];
  const rows = users.flatMap(({ role, user, account, permissions, granted }) => [
    [`user ${user}`, `for ${role}`, account, `permissions ${permissions}`],
    ...(['configure', 'write', 'read'] as const).map((name) => ['', '', name, granted[name]]),
  ]);
  return `${lines.join('\n')}\n${users.length === 0 ? '' : alignColumns(rows)}`;
}

function recordOf(configuration: SetupConfiguration, topology: TopologyResult, users: readonly UserResult[]) {
  const { virtualHost, missing } = configuration;
  const { exchanges, declaredExchanges, queues, declaredQueues, removedBindings, journalProblem } = topology;
  return {
    virtual_host: virtualHost,
    exchanges: { total: exchanges.length, declared: declaredExchanges },
    queues: { total: queues.length, declared: declaredQueues },
    former_bindings_removed: removedBindings,
    journal: { state: journalStateOf(configuration, topology), problem: journalProblem ?? null },
    users: users.map(({ role, user, account, permissions, granted }) => ({
      role,
      user,
      account: account.replace(' ', '_'),
      permissions,
      ...granted,
    })),
    without_user: missing.map(({ role }) => role),
  };
}

const HELP = `
Connects to PDAGENTD_AMQP_URL with a user who is an administrator and has all permissions for the virtual host, and declares every
exchange, queue and binding there. Then it creates a user for each service whose URL is set, through RabbitMQ's management API, or
corrects its password and its permissions. Can be repeated at any time: what is right stays as it is. Passwords are never printed.

The stream of the journal is declared with PDAGENTD_JOURNAL_MAX_AGE_SECONDS and PDAGENTD_JOURNAL_MAX_BYTES, unless PDAGENTD_JOURNAL is
false. One that exists keeps its limits. If RabbitMQ has no streams, setup says so, and everything else is set up.

environment, in addition to PDAGENTD_AMQP_URL, PDAGENTD_CA_FILE and PDAGENTD_QUEUE_TYPE (each of these can be read from a file,
X_FILE; the user and the password are those of the URL that the service itself has as PDAGENTD_AMQP_URL):
  PDAGENTD_GATEWAY_AMQP_URL    for ingest-gateway
  PDAGENTD_WORKER_AMQP_URL     for delivery-worker
  PDAGENTD_POLLER_AMQP_URL     for log-poller
  PDAGENTD_SENDER_AMQP_URL     for webhook-sender
  PDAGENTD_OPERATOR_AMQP_URL   for the other commands of pdaltagent
  PDAGENTD_MANAGEMENT_URL      RabbitMQ's management API (default: the same host, port 15672, with amqps:// 15671)

permissions, as regular expressions (without the management API, set them with rabbitmqctl set_permissions):
${alignColumns(
  ROLES.flatMap((role) =>
    (['configure', 'write', 'read'] as const).map((name, index) => [
      index === 0 ? `  ${role}` : '',
      name,
      PERMISSIONS[role][name],
    ]),
  ).map(([role = '', ...rest]) => [role, ...rest]),
).trimEnd()}

After an update from a version without these users: update all workers first, then run setup, or run it again; a worker of the earlier
version that still runs restores bindings that setup removes.

examples:
  PDAGENTD_AMQP_URL_FILE=admin-url PDAGENTD_GATEWAY_AMQP_URL_FILE=gateway-url PDAGENTD_WORKER_AMQP_URL_FILE=worker-url pdaltagent setup
  pdaltagent setup --json | jq -r '.users[] | select(.account != "unchanged") | .user'

exit codes: 0 everything is set up, 1 it is not, 78 invalid configuration
`;
