import http from 'node:http';
import { type Express } from 'express';

export type RequestClasses = ReturnType<typeof requestClasses>;

/**
 * Request and response classes for a server, whose prototype is already the one that express sets on each object:
 * changing it on a living object de-optimises it and halves what express can do (expressjs/express#5998).
 * To be called once per app, whatever number of servers it has.
 */
export function requestClasses(app: Express) {
  class AppRequest extends http.IncomingMessage {}
  class AppResponse<Request extends http.IncomingMessage> extends http.ServerResponse<Request> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}
