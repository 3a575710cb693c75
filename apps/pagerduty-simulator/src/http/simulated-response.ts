import { type ServerResponse } from 'node:http';

/** An HTTP answer before it is sent. */
export interface SimulatedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonResponse(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): SimulatedResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

export function sendResponse(outgoing: ServerResponse, response: SimulatedResponse): void {
  writeHead(outgoing, response);
  outgoing.end(response.body);
}

/** Sends the headers and half of the body, then closes the connection: the client sees a truncated answer. */
export function sendTruncated(outgoing: ServerResponse, response: SimulatedResponse): void {
  writeHead(outgoing, response);
  const { socket } = outgoing;
  outgoing.write(response.body.slice(0, response.body.length >> 1), () => socket?.destroy());
}

function writeHead(outgoing: ServerResponse, { status, headers, body }: SimulatedResponse): void {
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
}
