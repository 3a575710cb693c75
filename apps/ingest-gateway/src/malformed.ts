import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { type Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type ApiResponse, unrecognizedObject } from '@pdaltagent/events';

/** Of one request; no sender comes near it. */
export const MAXIMUM_HEADERS = 200;

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const fault = (status: number, error: string): ApiResponse => ({ ...unrecognizedObject(error), status });
const TOO_MANY_HEADERS = fault(431, 'Too many headers');
const NO_HOST = fault(400, 'Host header is missing');
const UNKNOWN_ENCODING = fault(501, 'Transfer-Encoding must be chunked; compressed bodies have a Content-Encoding');
export const UNKNOWN_EXPECTATION = fault(417, 'Expect must be 100-continue');

/** What is wrong with a request that Node takes for a good one; undefined where nothing is. */
export function requestFaultOf({ rawHeaders, headers, httpVersion }: IncomingMessage): ApiResponse | undefined {
  // Node drops what is over the limit without a word.
  if (rawHeaders.length >= 2 * MAXIMUM_HEADERS) return TOO_MANY_HEADERS;
  if (headers.host === undefined && httpVersion === '1.1') return NO_HOST;
  const encoding = headers['transfer-encoding'];
  // Node undoes the chunks and nothing else.
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'chunked') return UNKNOWN_ENCODING;
  return undefined;
}

/** Whether a connection ended because its client has not shown a certificate of an authority that is trusted. */
export function isUntrusted({ code }: NodeJS.ErrnoException, socket: Duplex): boolean {
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return true;
  return socket instanceof TLSSocket && Boolean(socket.authorizationError);
}

/** Answers what is no HTTP request, or one that does not end in time, and closes its connection. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Where TLS has failed nothing can be said any more.
  if (error.code === 'ECONNRESET' || /^ERR_(SSL|TLS)_/.test(error.code ?? '')) {
    socket.destroy();
    return;
  }
  const status = STATUS_BY_CODE[error.code ?? ''] ?? 400;
  refuse(socket, status, STATUS_CODES[status] ?? '');
}

/** Answers where there is no request to answer to, and closes the connection. */
export function refuse(socket: Duplex, status: number, error: string, headers: readonly string[] = []): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(unrecognizedObject(error).body);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...headers,
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
