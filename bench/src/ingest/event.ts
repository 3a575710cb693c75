export const KEYS = 64;
const BYTES = 600;

/** The routing key with this number. */
export function keyOf(key: number): string {
  return `key${key}`.padEnd(32, 'x');
}

/** A v2 trigger of 600 bytes, as a monitoring tool sends it. */
export function eventOf(key: number, dedupKey: string): Buffer {
  const event = {
    routing_key: keyOf(key),
    event_action: 'trigger',
    dedup_key: dedupKey,
    client: 'Alertmanager',
    client_url: 'http://alertmanager.monitoring:9093',
    payload: {
      summary: 'FilesystemAlmostOutOfSpace /var/lib/postgresql on db1 (93% used)',
      source: 'db1.internal',
      severity: 'critical',
      component: 'postgresql',
      group: 'prod-datapipe',
      class: 'disk',
      custom_details: { firing: 'device=/dev/nvme0n1p2 fstype=ext4 job=node', num_firing: '1', description: '' },
    },
  };
  const missing = BYTES - JSON.stringify(event).length;
  event.payload.custom_details.description = 'Filling up at the rate of the last hours. '.repeat(20).slice(0, missing);
  return Buffer.from(JSON.stringify(event));
}
