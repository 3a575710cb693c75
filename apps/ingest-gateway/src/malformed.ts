import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { type Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type ApiResponse, unrecognizedObject } from '@pdaltagent/events';

/** Maximum headers of one request, far more than any sender uses. */
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

/** The error response to a malformed request that Node accepts; undefined if the request is valid. */
export function requestFaultOf({ rawHeaders, headers, httpVersion }: IncomingMessage): ApiResponse | undefined {
  // Node silently drops headers over the limit.
  if (rawHeaders.length >= 2 * MAXIMUM_HEADERS) return TOO_MANY_HEADERS;
  if (headers.host === undefined && httpVersion === '1.1') return NO_HOST;
  const encoding = headers['transfer-encoding'];
  // Node decodes chunked and nothing else.
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'chunked') return UNKNOWN_ENCODING;
  return undefined;
}

/** Whether a connection failed because its client did not present a certificate from a trusted authority. */
export function isUntrusted({ code }: NodeJS.ErrnoException, socket: Duplex): boolean {
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return true;
  return socket instanceof TLSSocket && Boolean(socket.authorizationError);
}

/** Answers data that is not an HTTP request, or a request that does not end in time, and closes the connection. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  // After a TLS error nothing can be sent any more.
  if (error.code === 'ECONNRESET' || /^ERR_(SSL|TLS)_/.test(error.code ?? '')) {
    socket.destroy();
    return;
  }
  const status = STATUS_BY_CODE[error.code ?? ''] ?? 400;
  refuse(socket, status, STATUS_CODES[status] ?? '');
}

/** Writes an error response directly to a socket, and closes the connection. */
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
