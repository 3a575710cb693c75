import { connectionProblem } from '@pdaltagent/delivery';
import { type ChannelModel, connect } from 'amqplib';
import net from 'node:net';
import { rootCertificates } from 'node:tls';
import { type Writable } from 'node:stream';
import { tolerateUndecodable } from './undecodable';

/** In seconds. A peer that misses two heartbeats counts as gone. */
const HEARTBEAT_SECONDS = 5;
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

/** Connects with amqplib; the authorities (PEM) are trusted in addition to Node's own. */
export function amqplibConnect(authorities: readonly string[]): Connect {
  return (url, name) => connectTrusting(authorities, url, name);
}

/** Connects with amqplib, and trusts the authorities that Node trusts. */
export const connectWithAmqplib: Connect = amqplibConnect([]);

/** amqplib's options for an amqps:// URL with additional authorities. */
function tlsOptions(authorities: readonly string[]): { readonly ca?: string[] } {
  return authorities.length === 0 ? {} : { ca: [...rootCertificates, ...authorities] };
}

async function connectTrusting(authorities: readonly string[], url: string, name: string): Promise<OpenedConnection> {
  const secured = rawSocketOf(url);
  const connection = await connect(brokerUrl(url), {
    timeout: CONNECT_TIMEOUT_MS,
    noDelay: true,
    clientProperties: { connection_name: name },
    ...tlsOptions(authorities),
    ...(secured === undefined ? {} : { socket: secured }),
  }).catch((error: unknown) => {
    throw withAdvice(error);
  });
  // The cause of a loss is emitted as an error before the close. Without a listener it would end the process, also if the connection
  // came too late for the one who asked for it.
  connection.on('error', () => undefined);
  tolerateUndecodable(connection);
  const stream = streamOf(connection);
  if (stream !== undefined) gatherWrites(stream);
  return { connection, reset: () => void (secured ?? stream)?.resetAndDestroy() };
}

const REFUSED =
  'the virtual host is refused: it does not exist, the user has no permission for it, or a limit of connections is reached (RabbitMQ’s log has the reason)';

/**
 * The error of a failed connect, with what to do about a certificate that is not trusted. If the broker refused to open the virtual
 * host (AMQP 0-9-1, connection.open), with what that means: amqplib only says which frame it received, without RabbitMQ's reason.
 */
export function withAdvice(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const isRefused = error.message.startsWith('Expected ConnectionOpenOk; got <ConnectionClose');
  const message = isRefused ? REFUSED : connectionProblem(error, 'PDAGENTD_AMQP_URL');
  return message === error.message ? error : new Error(message, { cause: error });
}

/**
 * Sends what is written within one turn of the event loop together. amqplib writes the messages of each channel on their own, and
 * a system call for each is the largest part of the cost of publishing.
 */
export function gatherWrites(stream: Writable): void {
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array, encoding: BufferEncoding | Callback = 'utf8', callback?: Callback) => {
    if (stream.writableCorked === 0) {
      stream.cork();
      process.nextTick(() => stream.uncork());
    }
    return typeof encoding === 'function' ? write(chunk, 'utf8', encoding) : write(chunk, encoding, callback);
  };
}

type Callback = (error?: Error | null) => void;

/**
 * The TCP socket for a TLS connection, passed to amqplib because a TLS socket itself cannot be reset.
 * Undefined for a connection without TLS.
 */
function rawSocketOf(url: string): net.Socket | undefined {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'amqps:') return undefined;
  return net.connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port === '' ? 5671 : port) });
}

/** What amqplib writes to: the socket, or that of TLS; missing from its types. */
function streamOf({ connection }: ChannelModel): net.Socket | undefined {
  return 'stream' in connection && connection.stream instanceof net.Socket ? connection.stream : undefined;
}

function brokerUrl(url: string): string {
  const parsed = new URL(url.replace(/^pyamqp/, 'amqp'));
  parsed.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return parsed.href;
}

/** AMQP 0-9-1, "reply codes": a queue or an exchange is missing. */
export const NOT_FOUND = 404;

/** Whether an error has this AMQP reply code (AMQP 0-9-1, "reply codes"). */
export function hasReplyCode(error: unknown, code: number): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
