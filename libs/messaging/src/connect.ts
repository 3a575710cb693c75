import { type ChannelModel, connect } from 'amqplib';
import net from 'node:net';

/** In seconds. A peer that misses two heartbeats counts as gone. */
export const HEARTBEAT_SECONDS = 5;
const CONNECT_TIMEOUT_MS = 10_000;

/** An open connection. */
export interface OpenedConnection {
  readonly connection: ChannelModel;
  /**
   * Resets it, so that data that has not left this machine never arrives. What the broker has already read may still be
   * processed.
   */
  readonly reset: () => void;
}

/**
 * Opens a connection to the broker; injected so that a simulated broker can take its place.
 * @param url amqp:// or amqps://; Celery's pyamqp:// is understood
 * @param name shown in the broker's list of connections
 * @throws Error if the broker is unreachable or refuses the connection
 */
export type Connect = (url: string, name: string) => Promise<OpenedConnection>;

/** Connects with amqplib. */
export const connectWithAmqplib: Connect = async (url, name) => {
  const secured = rawSocketOf(url);
  const connection = await connect(brokerUrl(url), {
    timeout: CONNECT_TIMEOUT_MS,
    clientProperties: { connection_name: name },
    ...(secured === undefined ? {} : { socket: secured }),
  });
  const socket = secured ?? socketOf(connection);
  return { connection, reset: () => void socket?.resetAndDestroy() };
};

/**
 * The TCP socket for a TLS connection, passed to amqplib because a TLS socket itself cannot be reset.
 * Undefined for a connection without TLS.
 */
function rawSocketOf(url: string): net.Socket | undefined {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'amqps:') return undefined;
  return net.connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port === '' ? 5671 : port) });
}

/** The socket of a connection without TLS; missing from amqplib's types. */
function socketOf({ connection }: ChannelModel): net.Socket | undefined {
  return 'stream' in connection && connection.stream instanceof net.Socket ? connection.stream : undefined;
}

function brokerUrl(url: string): string {
  const parsed = new URL(url.replace(/^pyamqp/, 'amqp'));
  parsed.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return parsed.href;
}
