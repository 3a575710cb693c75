import path from 'node:path';
import { DEMO_KEY } from './walkthrough';
import { type System } from './system';
import { BANNER, bold } from './terminal';

/** Addresses of all services, and what to try next. */
export function addresses(system: System): string {
  const local = (...parts: string[]): string => path.relative(process.cwd(), path.join(system.folder, ...parts));
  const health = system.services.slice(1).map(({ name, url }) => [name, `${url}/readyz, /metrics`] as const);
  const rows = [
    ['gateway', `${system.gatewayUrl}, ${system.secureGatewayUrl}`],
    ['simulated PagerDuty', `${system.simulator.url} (received events: /_control/events)`],
    ['webhook receiver', system.receiverUrl],
    ['RabbitMQ', `127.0.0.1:${system.rabbitmq.port} (password: ${local('rabbitmq', 'password')})`],
    ['Redis', `127.0.0.1:${system.redis.port}`],
    ...health,
    ['logs', `${local()}/*/*.log`],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return [
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}${value}`),
    '',
    'Try, in another terminal:',
    `  PDSEND_EVENTS_BASE_URL=${system.gatewayUrl} node dist/apps/pd-send/pd-send.js \\`,
    `    -k ${DEMO_KEY} -t trigger -i db2/disk -d "Disk is full"`,
    `  curl ${system.gatewayUrl}/v2/enqueue -d '{"routing_key":"${DEMO_KEY}","event_action":"resolve","dedup_key":"db2/disk"}'`,
    '',
    'To inspect it, in the same terminal:',
    `  . ${path.relative(process.cwd(), system.environment)}`,
    ...[
      ['status', 'services, waiting events, problems'],
      ['events', 'what became of each event and webhook'],
      ['trace db1/disk', 'the state and history of an alert'],
      ['dead-letters list', 'what could not be delivered'],
      ['webhooks list', 'destinations of webhooks'],
    ].map(([words = '', what = '']) => `  node dist/apps/cli/pdaltagent.js ${words.padEnd(18)} # ${what}`),
    '',
    bold(`${BANNER}. Press Ctrl-C to stop.`),
  ].join('\n');
}
