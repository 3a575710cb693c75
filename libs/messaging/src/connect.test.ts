import { Writable } from 'node:stream';
import { gatherWrites } from './connect';

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
});
