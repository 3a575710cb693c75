import { type Clock } from '@pdaltagent/clock';
import { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { EVENT_TYPES, type EventType, isApiType } from '@pdaltagent/events';
import express, { type Express, type Request, type Response } from 'express';
import { type AccessControl, type Sender } from './access-control';
import { type BodyMemory } from './body-memory';
import { type ForwardHeaders } from './forward-headers';
import { type ReceivedRequest } from './event-reader';
import { type Accepted, type IngestPipeline } from './ingest-pipeline';
import { type OutcomeRecorder } from './outcome-recorder';
import { declaredBytesOf, readBody } from './read-body';
import { NO_SUCH_PATH, refusals, refused, type Refused } from './refusal';
import { reply } from './reply';
import { type RequestRate } from './request-rate';
import { createLandingPage } from './landing-page';

/** All paths of PagerDuty's Events APIs. */
const PATHS: Readonly<Record<EventType, string>> = {
  v2: '/v2/enqueue',
  v1: '/generic/2010-04-15/create_event.json',
  change: '/v2/change/enqueue',
  'x-ere': '/x-ere/:key',
  integration: '/integration/:key/enqueue',
  'integration-change': '/integration/:key/change/enqueue',
  adapter: '/adapter/:vendor/:version/:key',
  nagios: '/nagios/2010-04-15/create_event',
};

export interface RouteOptions {
  readonly pipeline: IngestPipeline;
  readonly memory: BodyMemory;
  readonly outcomes: OutcomeRecorder;
  readonly access: AccessControl;
  readonly forwardHeaders: ForwardHeaders;
  readonly rate: RequestRate;
  readonly clock: Clock;
}

export interface Routes {
  readonly app: Express;
  /** Routes a request through the app. Requests that match no route are answered here, never by express itself. */
  readonly handle: RequestListener;
}

/** An express app, called with a function that runs if no route matches or one of them fails. */
type Handler = (request: IncomingMessage, response: ServerResponse, done: (error?: unknown) => void) => void;

/** The gateway's HTTP interface as an express app. */
export function createRoutes(options: RouteOptions): Routes {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', false);
  const senders = new WeakMap<IncomingMessage, Sender>();
  addRoutes(app, options, senders);
  return { app, handle: admitting(routing(app, options.outcomes), options, senders) };
}

/** Refuses requests of those who may not send, whatever their path, and remembers who sent the others. */
function admitting(
  handle: RequestListener,
  { access, outcomes, rate }: RouteOptions,
  senders: WeakMap<IncomingMessage, Sender>,
): RequestListener {
  return (request, response) => {
    const admitted = access.admit(request);
    if (admitted.kind === 'sender') {
      const waitSeconds = rate.take(admitted.quotaKey);
      if (waitSeconds > 0) {
        const { reason, response: tooMany } = refusals.rate();
        outcomes.recordRefusal(reason);
        reply(request, response, tooMany, { 'retry-after': String(waitSeconds) });
        return;
      }
      senders.set(request, admitted);
      handle(request, response);
      return;
    }
    const { refused, address } = admitted;
    outcomes.recordRefusedSender(refused, address);
    reply(request, response, refused.response, refused.response.status === 401 ? { 'www-authenticate': 'Bearer' } : {});
  };
}

/** The final handler of express answers in HTML, and with a stack trace unless NODE_ENV is production. */
function routing(app: Handler, outcomes: OutcomeRecorder): RequestListener {
  return (request, response) => {
    const end = (error: unknown): void => {
      const isUnknown = error === undefined || error === null || error instanceof URIError;
      if (isUnknown) outcomes.recordRefusal('no-such-path');
      else outcomes.recordError(error);
      reply(request, response, isUnknown ? NO_SUCH_PATH : FAILED);
    };
    app(request, response, (error) => {
      const { url = '' } = request;
      const normalized = error === undefined ? normalizedUrl(url) : undefined;
      if (normalized === undefined || normalized === url) return end(error);
      request.url = normalized;
      app(request, response, end);
    });
  };
}

function addRoutes(router: Express, options: RouteOptions, senders: WeakMap<IncomingMessage, Sender>): void {
  const { pipeline, memory, outcomes, access, forwardHeaders, clock } = options;
  for (const type of EVENT_TYPES) {
    router
      .route(PATHS[type])
      .post(async (request: Request, response: Response) => {
        const startedAt = clock.monotonic();
        const sender = senders.get(request);
        const reserved = memory.reserve(sender?.quotaKey ?? '', declaredBytesOf(request));
        let outcome: Accepted | Refused;
        try {
          const body = await readBody(request, reserved);
          outcome =
            body.kind === 'refused'
              ? body
              : await pipeline.accept(
                  receivedRequestOf(type, request, body.bytes, forwardHeaders),
                  sender?.quotaKey,
                  sender?.token,
                );
        } finally {
          reserved.release();
        }
        outcomes.record(type, outcome, (clock.monotonic() - startedAt) / 1000, sender?.token);
        if (outcome.kind === 'refused') reply(request, response, outcome.response);
        else reply(request, response, outcome.response, { [EVENT_ID_HEADER]: outcome.id });
      })
      .all((request, response) => {
        outcomes.record(type, refused('wrong-method', METHOD_NOT_ALLOWED), 0);
        reply(request, response, METHOD_NOT_ALLOWED, { allow: 'POST' });
      });
  }

  router
    .route('/')
    .get(createLandingPage(() => access.needsToken))
    .all((request, response) => reply(request, response, METHOD_NOT_ALLOWED, { allow: 'GET, HEAD' }));
}

/** On the response to every accepted event: the id that `pdaltagent trace` and the logs use. */
const EVENT_ID_HEADER = 'x-pdaltagent-event-id';

const METHOD_NOT_ALLOWED = {
  status: 405,
  body: { status: 'method not allowed', message: 'Method Not Allowed', errors: ['Events must be sent with POST'] },
};
const FAILED = {
  status: 500,
  body: { status: 'error', message: 'Internal error.  Please retry later.', errors: ['Event was not stored'] },
};

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

function receivedRequestOf(
  type: EventType,
  { headers, params, url }: Request,
  body: Buffer,
  forwardHeaders: ForwardHeaders,
): ReceivedRequest {
  const { key } = params;
  const { traceparent } = headers;
  const headerKey = headers['x-routing-key'];
  const isVendor = !isApiType(type);
  return {
    type,
    body,
    pathKey: typeof key === 'string' ? key : undefined,
    headerKey: typeof headerKey === 'string' && headerKey !== '' ? headerKey : undefined,
    contentType: headers['content-type'] ?? 'application/octet-stream',
    forward: isVendor ? forwardHeaders.of(headers) : undefined,
    query: isVendor ? queryOf(url) : undefined,
    adapter: type === 'adapter' ? `${String(params.vendor)}/${String(params.version)}` : undefined,
    traceparent: typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : undefined,
  };
}

const SCHEME_AND_HOST = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/**
 * Normalizes a path: a base URL with a trailing slash gives a double slash, and some clients escape characters that need no
 * escaping. Decoded only once: a path that is still escaped then is another path. Undefined if it cannot be decoded.
 */
function normalizedUrl(url: string): string | undefined {
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(url.replace(SCHEME_AND_HOST, '')) ?? [];
  try {
    return decodeURI(path).replace(/\/{2,}/g, '/') + query;
  } catch {
    return undefined;
  }
}

/** The query string in characters that every HTTP client can send; undefined if it is empty. */
function queryOf(url: string): string | undefined {
  const [, query] = /\?([^#]+)/.exec(url) ?? [];
  // Node decodes a request line as latin1: a character is a byte.
  return query?.replace(/[^!-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
