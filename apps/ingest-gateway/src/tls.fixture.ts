import https, { type RequestOptions } from 'node:https';
import { type PeerCertificate, type TLSSocket } from 'node:tls';
import { type RunningGateway } from './gateway.fixture';

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
