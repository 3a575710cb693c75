// A destination that answers 202 after a while and counts; in a process of its own, so that it costs the sender nothing.
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';

const latencyMs = Number(process.argv[2]);
let count = 0;
let firstAt = 0;
let lastAt = 0;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume().once('end', () => {
    setTimeout(() => {
      count += 1;
      lastAt = performance.now();
      if (firstAt === 0) firstAt = lastAt;
      response
        .writeHead(202, { 'content-type': 'application/json' })
        .end('{"status":"success","message":"Event processed"}');
    }, latencyMs);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on('message', (message) => {
  if (message === 'count') process.send?.({ count, seconds: (lastAt - firstAt) / 1000 });
  if (message !== 'reset') return;
  count = 0;
  firstAt = 0;
  process.send?.({ count, seconds: 0 });
});
process.on('disconnect', () => process.exit(0));
