import { type ServerResponse } from 'node:http';

/** An HTTP answer before it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

export function sendAnswer(response: ServerResponse, answer: Answer): void {
  writeHead(response, answer);
  response.end(answer.body);
}

/** Sends the headers and half of the body, then closes the connection: the client sees a truncated answer. */
export function sendTruncated(response: ServerResponse, answer: Answer): void {
  writeHead(response, answer);
  const { socket } = response;
  response.write(answer.body.slice(0, answer.body.length >> 1), () => socket?.destroy());
}

function writeHead(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
}
