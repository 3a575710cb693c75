/** The services and their admin ports. */
export const SERVICES = [
  { name: 'ingest-gateway', adminPort: 8090 },
  { name: 'delivery-worker', adminPort: 8091 },
  { name: 'log-poller', adminPort: 8092 },
  { name: 'webhook-sender', adminPort: 8093 },
] as const;

/** Required variables with their aliases. */
const REQUIRED_VARIABLES: { names: string[]; what: string }[] = [
  { names: ['PDAGENTD_AMQP_URL', 'CELERY_BROKER_URL'], what: 'RabbitMQ' },
  { names: ['PDAGENTD_REDIS_URL'], what: 'Redis' },
  { names: ['PDAGENTD_EVENTS_BASE_URL'], what: 'PagerDuty’s Events API, for example https://events.pagerduty.com' },
  { names: ['PDAGENTD_API_BASE_URL'], what: 'PagerDuty’s REST API, for example https://api.pagerduty.com' },
  { names: ['PDAGENTD_API_TOKEN'], what: 'a token of the REST API' },
  { names: ['PDAGENTD_WEBHOOK_DEST_URL', 'PDAGENTD_WEBHOOKS_FILE'], what: 'destinations of webhooks' },
];

/** The required variables that are not set, one line each. A value may come from a file: NAME_FILE. */
export function missingVariables(environment: NodeJS.ProcessEnv): string[] {
  const isGiven = (name: string): boolean =>
    [name, `${name}_FILE`].some((key) => (environment[key] ?? '').trim() !== '');
  return REQUIRED_VARIABLES.filter(({ names }) => !names.some(isGiven)).map(
    ({ names, what }) => `${names.join(' or ')}: ${what}`,
  );
}

/** The ports that --live listens on. Invalid numbers are skipped: the gateway reports them with its other errors. */
export function livePorts(environment: NodeJS.ProcessEnv): { port: number; what: string }[] {
  const given = (name: string, otherwise: number): number => Number(environment[name] || otherwise);
  const gateway = [
    { port: given('PDAGENTD_HTTP_PORT', 8080), what: 'the gateway, PDAGENTD_HTTP_PORT' },
    { port: given('PDAGENTD_HTTPS_PORT', 8443), what: 'the gateway, PDAGENTD_HTTPS_PORT' },
  ];
  return [
    ...gateway,
    ...SERVICES.map(({ name, adminPort }) => ({ port: adminPort, what: `admin port of ${name}` })),
  ].filter(({ port }) => Number.isInteger(port) && port > 0 && port < 65_536);
}

/**
 * The environment of the services of --live: unless an address is set, their ports are opened on the loopback interface,
 * because somebody who tries them on a laptop does not mean to offer them to its network.
 */
export function liveEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...environment, PDAGENTD_LISTEN_ADDRESS: environment['PDAGENTD_LISTEN_ADDRESS'] || '127.0.0.1' };
}
