// Exits 0 while the service of this container answers on its admin port, at the address that it listens on.
import { get } from 'node:http';

const { PDAGENTD_ADMIN_HOST, PDAGENTD_LISTEN_ADDRESS, SIMULATOR_HOST } = process.env;
const addresses = [PDAGENTD_ADMIN_HOST, PDAGENTD_LISTEN_ADDRESS, SIMULATOR_HOST].map((address) => address?.trim());
// * is every address, or that of PDAGENTD_LISTEN_ADDRESS.
const address = addresses.find((address) => address && address !== '*');
const host = !address || address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
const port = process.env.PDAGENTD_ADMIN_PORT ?? process.env.SIMULATOR_PORT;

get({ host, port, path: '/healthz', signal: AbortSignal.timeout(3_000) }, ({ statusCode }) => {
  process.exit(statusCode >= 200 && statusCode < 300 ? 0 : 1);
}).on('error', (error) => {
  console.error(`${host}, port ${port}: ${error.message}`);
  process.exit(1);
});
