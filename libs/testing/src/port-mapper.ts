import net from 'node:net';

const ALIVE2_REQUEST = 120;
const ALIVE2_REPLIES: readonly number[] = [118, 121];
const HIDDEN_NODE = 72;

/**
 * Registers an Erlang node with a port mapper, as the node itself does: nodes that ask this port mapper for the name are told
 * the port. The registration lasts until the socket is closed.
 * https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html#epmd-protocol
 * @param name without the host
 * @throws Error if the port mapper refuses
 */
export function registerNode(portMapper: number, name: string, port: number): Promise<net.Socket> {
  const fixed = Buffer.from([ALIVE2_REQUEST, port >> 8, port & 0xff, HIDDEN_NODE, 0, 0, 6, 0, 5, 0, name.length]);
  const body = Buffer.concat([fixed, Buffer.from(name), Buffer.from([0, 0])]);
  return new Promise((resolve, reject) => {
    const socket = net.connect(portMapper, '127.0.0.1', () =>
      socket.write(Buffer.concat([Buffer.from([0, body.length]), body])),
    );
    socket.once('error', reject);
    socket.once('data', ([reply = 0, result]) => {
      socket.on('error', () => undefined);
      if (ALIVE2_REPLIES.includes(reply) && result === 0) resolve(socket);
      else reject(new Error(`the port mapper refuses the node ${name}`));
    });
  });
}
