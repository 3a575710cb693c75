import { isIP } from 'node:net';
import { custom, port } from './variable';

/** Stands for every address of the host, or the one of PDAGENTD_LISTEN_ADDRESS. */
const EVERY_ADDRESS = '*';
const LOOPBACK = '127.0.0.1';
const SHORTEST_TOKEN = 16;

export const metricsVariables = {
  metricsToken: custom(
    'PDAGENTD_METRICS_TOKEN',
    'token that requests for /metrics must present, as Authorization: Bearer; if unset: none',
    {
      secret: true,
      mustBe: `a token of ${SHORTEST_TOKEN} characters or more, without blanks`,
      parse: (text: string) => {
        const token = text.trim();
        return token.length < SHORTEST_TOKEN || /\s/.test(token) ? undefined : token;
      },
    },
  ),
};

/** The port for health checks and metrics. */
export const adminVariables = (defaultPort: number) => ({
  adminPort: port(
    'PDAGENTD_ADMIN_PORT',
    defaultPort,
    'port for health checks and metrics; 0 selects a free one and logs it',
  ),
  adminHost: custom(
    'PDAGENTD_ADMIN_HOST',
    `IP address on which that port is opened, or * for every address; if unset: PDAGENTD_LISTEN_ADDRESS, or else ${LOOPBACK}`,
    {
      mustBe: `an IP address, for example ${LOOPBACK}, or * for every address of this host`,
      parse: (text: string) => {
        const host = text.trim();
        return host === EVERY_ADDRESS || isIP(host) !== 0 ? host : undefined;
      },
    },
  ),
  ...metricsVariables,
});

interface Addresses {
  readonly adminHost: string | undefined;
  readonly listenAddress: string | undefined;
}

/** The address on which the admin port is opened; undefined: every address of this host. */
export function adminAddressOf({ adminHost, listenAddress }: Addresses): string | undefined {
  if (adminHost === EVERY_ADDRESS) return listenAddress;
  return adminHost ?? listenAddress ?? LOOPBACK;
}
