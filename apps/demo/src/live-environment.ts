/** The services, and where each tells its health. */
export const SERVICES = [
  { name: 'ingest-gateway', adminPort: 8090 },
  { name: 'delivery-worker', adminPort: 8091 },
  { name: 'log-poller', adminPort: 8092 },
  { name: 'webhook-sender', adminPort: 8093 },
] as const;

/** Each line: a variable, the other names it may have, what it is. */
const REQUIRED_VARIABLES: { names: string[]; what: string }[] = [
  { names: ['PDAGENTD_AMQP_URL', 'CELERY_BROKER_URL'], what: 'RabbitMQ' },
  { names: ['PDAGENTD_REDIS_URL'], what: 'Redis' },
  { names: ['PDAGENTD_EVENTS_BASE_URL'], what: 'PagerDuty’s Events API, as https://events.pagerduty.com' },
  { names: ['PDAGENTD_API_BASE_URL'], what: 'PagerDuty’s REST API, as https://api.pagerduty.com' },
  { names: ['PDAGENTD_API_TOKEN'], what: 'a token of the REST API' },
  { names: ['PDAGENTD_WEBHOOK_DEST_URL', 'PDAGENTD_WEBHOOKS_FILE'], what: 'where webhooks go' },
];

/** What --live needs and the environment does not give, one line each. A value may come from a file: NAME_FILE. */
export function missingVariables(environment: NodeJS.ProcessEnv): string[] {
  const isGiven = (name: string): boolean =>
    [name, `${name}_FILE`].some((key) => (environment[key] ?? '').trim() !== '');
  return REQUIRED_VARIABLES.filter(({ names }) => !names.some(isGiven)).map(
    ({ names, what }) => `${names.join(' or ')}: ${what}`,
  );
}

/** The ports that --live listens on; a wrong number is left to the gateway, which tells it with all else that is wrong. */
export function livePorts(environment: NodeJS.ProcessEnv): { port: number; what: string }[] {
  const given = (name: string, otherwise: number): number => Number(environment[name] || otherwise);
  const gateway = [
    { port: given('PDAGENTD_HTTP_PORT', 8080), what: 'the gateway, PDAGENTD_HTTP_PORT' },
    { port: given('PDAGENTD_HTTPS_PORT', 8443), what: 'the gateway, PDAGENTD_HTTPS_PORT' },
  ];
  return [
    ...gateway,
    ...SERVICES.map(({ name, adminPort }) => ({ port: adminPort, what: `health of ${name}` })),
  ].filter(({ port }) => Number.isInteger(port) && port > 0 && port < 65_536);
}
