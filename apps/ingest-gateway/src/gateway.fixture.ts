import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NotDurableError } from '@pdaltagent/forwarding';
import { type OutgoingMessage } from '@pdaltagent/messaging';
import { freePort, type RecordedLine, recordingLogger } from '@pdaltagent/testing';
import { Registry } from 'prom-client';
import { Gateway, type GatewayOptions } from './gateway';
import { type EventSink } from './ports';

/** A sink that records its messages, and can be made to fail or to wait. */
export class RecordingSink implements EventSink {
  readonly messages: OutgoingMessage[] = [];
  failure: NotDurableError['reason'] | undefined;
  gate: Promise<void> = Promise.resolve();

  async publish(message: OutgoingMessage): Promise<void> {
    await this.gate;
    if (this.failure !== undefined) throw new NotDurableError(this.failure);
    this.messages.push(message);
  }
}

export const KEY = '01234567890123456789012345678901';
export const TRIGGER = {
  routing_key: KEY,
  event_action: 'trigger',
  dedup_key: 'alert-1',
  payload: { summary: 'disk full', source: 'db1', severity: 'critical' },
};

export interface RunningGateway {
  readonly url: string;
  readonly ports: { readonly http?: number; readonly https?: number };
  readonly sink: RecordingSink;
  readonly metrics: Registry;
  readonly log: readonly RecordedLine[];
  readonly stateFolder: string;
  stop(): Promise<void>;
}

/** A gateway on free ports with a recording sink; HTTP only, unless an `httpsPort` is given. */
export async function startGateway(
  changes: Partial<GatewayOptions['configuration']> &
    Partial<
      Pick<
        GatewayOptions,
        | 'scrub'
        | 'onAccepted'
        | 'access'
        | 'forwardHeaders'
        | 'clock'
        | 'limits'
        | 'certificatePollMs'
        | 'maximumEvents'
      >
    > = {},
): Promise<RunningGateway> {
  const {
    scrub,
    onAccepted,
    access,
    forwardHeaders,
    clock,
    limits,
    certificatePollMs,
    maximumEvents = 1_000,
    ...configuration
  } = changes;
  const folder = await mkdtemp(path.join(tmpdir(), 'gateway-'));
  const sink = new RecordingSink();
  const metrics = new Registry();
  const log: RecordedLine[] = [];
  const stateFolder = configuration.stateFolder ?? folder;
  const gateway = new Gateway({
    sink,
    metrics,
    maximumEvents,
    access,
    forwardHeaders,
    logger: recordingLogger(log),
    ...(scrub === undefined ? {} : { scrub }),
    onAccepted,
    ...(clock === undefined ? {} : { clock }),
    ...(limits === undefined ? {} : { limits }),
    ...(certificatePollMs === undefined ? {} : { certificatePollMs }),
    configuration: {
      listenAddress: undefined,
      httpPort: await freePort(),
      httpsPort: 0,
      tlsCertificate: path.join(folder, 'none', 'cert.pem'),
      tlsKey: path.join(folder, 'none', 'key.pem'),
      tlsClientAuthorities: undefined,
      tlsClientRevocations: undefined,
      tlsCiphers: undefined,
      tlsNames: undefined,
      stateFolder,
      strict: false,
      trustedProxies: undefined,
      senderRate: 0,
      senderConnections: 0,
      ...configuration,
    },
  });
  const ports = await gateway.start();
  return {
    url: `http://127.0.0.1:${ports.http}`,
    ports,
    sink,
    metrics,
    log,
    stateFolder,
    stop: async () => {
      await gateway.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { status?: string; dedup_key?: string; incident_key?: string; errors?: string[]; warnings?: string[] };
}

export async function postTo(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(url, { method: 'POST', body: Buffer.from(body), headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Reply['body'] };
}
