import net from 'node:net';

// Below the ephemeral ports of Linux (32768) and macOS (49152), so that the port of a server that is killed and restarted is not
// taken by an outgoing connection.
const LOWEST = 20_000;
const HIGHEST = 29_999;
const handedOut = new Set<number>();

/** Whether nothing listens on the port, on the loopback interface or on all interfaces. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '0.0.0.0')) && (await canListen(port, '::'));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    // Without IPv6 the address does not exist, so nothing can listen on it.
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'EADDRINUSE' && error.code !== 'EACCES'),
    );
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A free loopback port; never the same one twice in a process. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`);
}

/** Connects, sends the greeting and resolves with the first bytes of the reply; undefined if there is none. */
export function firstResponse(port: number, greeting: string, timeoutMs = 2_000): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const finish = (text: string | undefined): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(timeoutMs, () => finish(undefined));
    socket.once('connect', () => socket.write(greeting, 'latin1'));
    socket.once('data', (data: Buffer) => finish(data.toString('latin1')));
    socket.once('error', () => finish(undefined));
    socket.once('close', () => finish(undefined));
  });
}
