import { freePort } from '@pdaltagent/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import https, { type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type PeerCertificate, type TLSSocket } from 'node:tls';
import { type RunningGateway, startGateway } from './gateway.fixture';

/** Gateways with HTTPS only, and a folder for their files, for each test. */
export function httpsGateways() {
  let folder = '';
  const running: RunningGateway[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tls-'));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
    await rm(folder, { recursive: true, force: true });
  });
  return {
    /** A path in the folder. */
    inFolder: (...parts: string[]): string => path.join(folder, ...parts),
    start: async (configuration: Parameters<typeof startGateway>[0] = {}): Promise<RunningGateway> => {
      const httpsPort = await freePort();
      const gateway = await startGateway({ httpPort: 0, httpsPort, stateFolder: folder, ...configuration });
      running.push(gateway);
      return gateway;
    },
  };
}

/** Requests the landing page over HTTPS. */
export function get(
  gateway: RunningGateway,
  options: RequestOptions,
): Promise<{ status: number; certificate: PeerCertificate }> {
  return new Promise((resolve, reject) => {
    const request = https.get({ host: 'localhost', port: gateway.ports.https, path: '/', agent: false, ...options });
    request.on('error', reject);
    request.on('response', (response) => {
      const certificate = (response.socket as TLSSocket).getPeerCertificate();
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, certificate }));
    });
  });
}
