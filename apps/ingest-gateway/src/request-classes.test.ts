import http from 'node:http';
import { type AddressInfo } from 'node:net';
import express from 'express';
import { requestClasses } from './request-classes';

it('gives requests and responses the prototypes of express before express handles them', async () => {
  const app = express();
  const classes = requestClasses(app);
  const prototypesBefore: unknown[] = [];
  const server = http.createServer(classes);
  server.on('request', (request, response) => {
    prototypesBefore.push(Object.getPrototypeOf(request), Object.getPrototypeOf(response));
    app(request, response);
  });
  let prototypesAfter: unknown[] = [];
  app.post('/a/:b', (request, response) => {
    prototypesAfter = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
    const { params, hostname, secure } = request;
    response
      .status(201)
      .json({ params, hostname, secure, type: request.get('Content-Type'), isApp: request.app === app });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/a/b?c=d`, {
    method: 'POST',
    headers: { 'content-type': 'x/y' },
  });
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({
    params: { b: 'b' },
    hostname: '127.0.0.1',
    secure: false,
    type: 'x/y',
    isApp: true,
  });
  expect(prototypesAfter[0]).toBe(app.request);
  expect(prototypesAfter[0]).toBe(prototypesBefore[0]);
  expect(prototypesAfter[1]).toBe(prototypesBefore[1]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
