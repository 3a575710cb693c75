import { type Request, type Response } from 'express';

/** The page that a browser shows for the gateway's base URL. */
export function createLandingPage(needsToken: () => boolean): (request: Request, response: Response) => void {
  return (request, response) => landingPage(request, response, needsToken());
}

function landingPage(request: Request, response: Response, needsToken: boolean): void {
  const origin = `${request.secure ? 'https' : 'http'}://${hostOf(request)}`;
  const event = {
    routing_key: 'YOUR_32_CHARACTER_ROUTING_KEY',
    event_action: 'trigger',
    payload: { summary: 'Disk is full', source: 'db1', severity: 'critical' },
  };
  const options = [
    ...(request.secure ? ['--insecure'] : []),
    ...(needsToken ? ["-H 'X-PDaltagent-Token: YOUR_TOKEN'"] : []),
    "-H 'Content-Type: application/json'",
  ].join(' ');
  const text = `PDaltagent: a durable, ordered relay between your monitoring and PagerDuty.

Send events here as you would to https://events.pagerduty.com:

  POST /v2/enqueue                             Events API v2
  POST /v2/change/enqueue                      change events
  POST /generic/2010-04-15/create_event.json   Events API v1
  POST /integration/<key>/enqueue              a vendor's integration
  POST /integration/<key>/change/enqueue       a vendor's change integration
  POST /adapter/<vendor>/<version>/<key>       a vendor's older integration
  POST /x-ere/<key>                            Event Orchestration
  POST /nagios/2010-04-15/create_event         PagerDuty's first plug-in for Nagios

For example:

  curl ${options} ${origin}/v2/enqueue -d '${JSON.stringify(event)}'

202 (Events API v1: 200) means: stored, and on its way to PagerDuty.
`;
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** The Host header is untrusted: it is shown in a shell command only if it looks like a host. */
function hostOf({ headers: { host = '' } }: Request): string {
  return /^[A-Za-z0-9.:[\]-]{1,255}$/.test(host) ? host : 'localhost:8080';
}
