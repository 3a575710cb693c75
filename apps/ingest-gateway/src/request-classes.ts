import http from 'node:http';
import { type Express } from 'express';

export type RequestClasses = ReturnType<typeof requestClasses>;

/**
 * Request and response classes for a server with the prototypes that express would set on each object: changing the prototype
 * of an existing object de-optimises it and halves the throughput of express (expressjs/express#5998).
 * Must be called once per app, even if it has several servers.
 */
export function requestClasses(app: Express) {
  class AppRequest extends http.IncomingMessage {}
  class AppResponse<Request extends http.IncomingMessage> extends http.ServerResponse<Request> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}
