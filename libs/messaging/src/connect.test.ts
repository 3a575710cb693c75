import { Writable } from 'node:stream';
import { withAdvice, gatherWrites } from './connect';

describe('a connection to the broker', () => {
  it('sends the messages of one turn of the event loop together, in order, and confirms each', async () => {
    const sent: string[] = [];
    const socket = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        sent.push(String(chunk));
        done();
      },
      writev: (chunks: { chunk: Buffer }[], done) => {
        sent.push(chunks.map(({ chunk }) => String(chunk)).join(''));
        done();
      },
    });
    gatherWrites(socket);
    const written: string[] = [];
    socket.write('a', () => written.push('a'));
    socket.write(Buffer.from('b'));
    await new Promise<void>((resolve) => socket.write('63', 'hex', () => resolve()));
    socket.write('d');
    await new Promise<void>((resolve) => socket.end(() => resolve()));
    expect(sent).toEqual(['abc', 'd']);
    expect(written).toEqual(['a']);
  });

  it('that the broker refuses is explained; any other error is kept', () => {
    const refused = withAdvice(new Error('Expected ConnectionOpenOk; got <ConnectionClose channel:0>'));
    expect(refused).toMatchObject({ message: expect.stringMatching(/^the virtual host is refused: /) as string });
    const unreachable = new Error('connect ECONNREFUSED 127.0.0.1:5672');
    expect(withAdvice(unreachable)).toBe(unreachable);
  });
});
