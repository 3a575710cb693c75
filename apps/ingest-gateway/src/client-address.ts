import { type IncomingMessage } from 'node:http';
import { type Socket } from 'node:net';
import { type Networks, normalAddress } from './networks';

/** Of open connections: each has many requests. */
const peerAddresses = new WeakMap<Socket, string>();

/**
 * The address of a request's client: the last address in X-Forwarded-For that is not a trusted proxy, because anybody can forge
 * those before it. Undefined if a trusted proxy wrote something that is not an address.
 */
export function clientAddressOf(
  { socket, headers }: IncomingMessage,
  trustedProxies: Networks | undefined,
): string | undefined {
  const peer = peerAddressOf(socket);
  if (peer === undefined || trustedProxies === undefined) return peer;
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',');
  const hops = forwarded.split(',').filter((hop) => hop.trim() !== '');
  let client: string | undefined = peer;
  while (client !== undefined && trustedProxies.has(client)) {
    const hop = hops.pop();
    if (hop === undefined) return client;
    client = normalAddress(withoutPort(hop.trim()));
  }
  return client;
}

/** The address of a connection's other end, which may be a proxy; undefined if the connection was closed. */
export function peerAddressOf(socket: Socket): string | undefined {
  const known = peerAddresses.get(socket);
  if (known !== undefined) return known;
  const address = normalAddress(socket.remoteAddress ?? '');
  if (address !== undefined) peerAddresses.set(socket, address);
  return address;
}

/** Some proxies write `192.0.2.7:4711` or `[2001:db8::7]:4711`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? hop;
}
