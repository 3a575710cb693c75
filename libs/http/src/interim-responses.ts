import { type Socket } from 'node:net';

const CONTINUE = /^HTTP\/1\.[01] 100[ \r]/;
const CONTINUE_LENGTH = 'HTTP/1.1 100 '.length;
const END = '\r\n\r\n';
/** A longer one is left to the parser, which refuses it. */
const LONGEST = 16_384;

/**
 * Drops the responses "100 Continue" that precede a response, before undici reads them: it takes one for a fault, because it
 * never asks for one. Others may: a proxy between us and a server, or the server of itself. Source: RFC 9110, 15.2 (a client
 * must be able to receive interim responses, even if it does not expect one).
 * @returns to be called whenever a request is sent
 */
export function dropContinues(socket: Socket): () => void {
  let isAwaited = false;
  let held: Buffer | undefined;
  const read = socket.read.bind(socket);

  /** What remains of received bytes: null if they are a "100 Continue", or may become one. */
  function withoutContinues(received: Buffer): Buffer | null {
    let rest = held === undefined ? received : Buffer.concat([held, received]);
    held = undefined;
    while (mayBeContinue(rest)) {
      const end = rest.indexOf(END);
      if (end < 0 && rest.length < LONGEST) {
        held = rest;
        return null;
      }
      if (end < 0) break;
      rest = rest.subarray(end + END.length);
      if (rest.length === 0) return null;
    }
    isAwaited = false;
    return rest;
  }

  socket.read = (size?: number): unknown => {
    let chunk: unknown = read(size);
    while (isAwaited && chunk instanceof Buffer) {
      chunk = withoutContinues(chunk);
      if (chunk !== null) break;
      chunk = read(size);
    }
    return chunk;
  };
  return () => {
    isAwaited = true;
  };
}

function mayBeContinue(bytes: Buffer): boolean {
  // "2" in place of "1" in nearly every response.
  if (bytes.length > 9 && bytes[9] !== 0x31) return false;
  const start = bytes.toString('latin1', 0, CONTINUE_LENGTH);
  return start.length < CONTINUE_LENGTH
    ? 'HTTP/1.1 100 '.startsWith(start) || 'HTTP/1.0 100 '.startsWith(start)
    : CONTINUE.test(start);
}
