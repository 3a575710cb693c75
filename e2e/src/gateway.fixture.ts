import { EVENTS, laneQueue } from '@pdaltagent/messaging';
import {
  type AppProcess,
  connectToBroker,
  FaultProxy,
  freePort,
  openRunFolder,
  type RunFolder,
  startApp,
  testServers,
  waitUntil,
} from '@pdaltagent/testing';
import { type ChannelModel } from 'amqplib';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

export interface GatewayRigOptions {
  /** Added to the gateway's; `PDAGENTD_STATE_DIR` defaults to a folder of the run. */
  readonly env?: Record<string, string>;
  /** Default: the broker of the test run, which a test must not change. */
  readonly amqpUrl?: string;
}

/** A built gateway, with a fault-injecting proxy between it and its broker. */
export class GatewayRig {
  private constructor(
    readonly folder: RunFolder,
    readonly amqpUrl: string,
    readonly proxy: FaultProxy,
    readonly gateway: AppProcess,
    readonly port: number,
  ) {}

  static async start(name: string, { env = {}, amqpUrl }: GatewayRigOptions = {}): Promise<GatewayRig> {
    const folder = openRunFolder(name);
    const subfolder = (part: string) => {
      const made = path.join(folder.path, part);
      mkdirSync(made, { recursive: true });
      return made;
    };
    const url = amqpUrl ?? (await testServers()).amqpUrl;
    const proxy = await FaultProxy.start(url);
    const port = await freePort();
    const gateway = await startApp('ingest-gateway', {
      folder: subfolder('gateway'),
      env: {
        PDAGENTD_AMQP_URL: proxy.url(url),
        PDAGENTD_HTTP_PORT: String(port),
        PDAGENTD_HTTPS_PORT: '0',
        PDAGENTD_STATE_DIR: subfolder('state'),
        ...env,
      },
    });
    const rig = new GatewayRig(folder, url, proxy, gateway, port);
    await rig.waitForMode('direct');
    return rig;
  }

  /** Resolves once new events go straight to the broker, or to the spool. */
  waitForMode(mode: 'direct' | 'spool'): Promise<unknown> {
    return waitUntil(async () => (await this.metrics()).includes(`pdaltagent_gateway_mode{mode="${mode}"} 1`), {
      what: `mode "${mode}"`,
      // Of a spool, while senders go on, on a busy machine.
      timeoutMs: 240_000,
    });
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.gateway.url}/metrics`)).text();
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.proxy.stop();
    this.folder.remove();
  }
}

/** Consumes all lanes. */
export class LaneDrain {
  private constructor(readonly connection: ChannelModel) {}

  /** @param arrived called for each message with its exact bytes */
  static async start(amqpUrl: string, arrived: (body: Buffer) => void): Promise<LaneDrain> {
    const connection = await connectToBroker(amqpUrl);
    const channel = await connection.createChannel();
    for (let lane = 0; lane < EVENTS.lanes; lane += 1) {
      await channel.consume(
        laneQueue(EVENTS, lane),
        (message) => {
          if (message === null) return;
          arrived(message.content);
          channel.ack(message);
        },
        { noAck: false },
      );
    }
    return new LaneDrain(connection);
  }

  async stop(): Promise<void> {
    await this.connection.close();
  }
}
