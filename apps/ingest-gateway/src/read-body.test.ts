import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo } from 'node:net';
import { BodyMemory } from './body-memory';
import { headerBytesOf, readBody } from './read-body';

let server: http.Server;
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

/** What becomes of a request with a header of this length, with this memory for one client. */
async function read(headerLength: number, availableBytes: number): Promise<unknown> {
  const memory = new BodyMemory({ smallBytes: (availableBytes * 4) / 3, largeBytes: 0 });
  server = http.createServer((request, response) => {
    const reserved = memory.reserve('sender', 0);
    void readBody(request, reserved).then((body) => {
      reserved.release();
      response.setHeader('connection', 'close').end(body.kind === 'body' ? 'read' : body.reason);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { 'x-large': 'x'.repeat(headerLength) };
  return (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}', headers })).text();
}

it('a request for whose headers there is no memory is refused, as one for whose body there is none', async () => {
  expect(await read(100, 12_000)).toBe('read');
  server.close();
  await once(server, 'close');
  expect(await read(13_000, 12_000)).toBe('overload');
});

it('counts the characters of the path and the headers, and what a string takes beside them', () => {
  expect(headerBytesOf({ url: '/v2/enqueue', rawHeaders: ['host', 'a.example'] })).toBe(11 + 4 + 32 + 9 + 32);
});
