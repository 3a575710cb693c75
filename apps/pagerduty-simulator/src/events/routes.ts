/** PagerDuty's Events APIs. */
export type Api = 'v2' | 'change' | 'v1' | 'integration' | 'integration-change' | 'adapter' | 'x-ere' | 'nagios';

export interface EventRoute {
  readonly api: Api;
  /** The routing key in the path, if the path has one. */
  readonly pathKey: string | undefined;
}

const FIXED: ReadonlyMap<string, EventRoute> = new Map([
  ['/v2/enqueue', { api: 'v2', pathKey: undefined }],
  ['/v2/change/enqueue', { api: 'change', pathKey: undefined }],
  ['/generic/2010-04-15/create_event.json', { api: 'v1', pathKey: undefined }],
  ['/nagios/2010-04-15/create_event', { api: 'nagios', pathKey: undefined }],
]);

const KEYED: readonly (readonly [RegExp, Api])[] = [
  [/^\/integration\/([^/]+)\/enqueue$/, 'integration'],
  [/^\/integration\/([^/]+)\/change\/enqueue$/, 'integration-change'],
  [/^\/adapter\/[\w.-]+\/[\w.-]+\/([^/]+)$/, 'adapter'],
  [/^\/x-ere\/([^/]+)$/, 'x-ere'],
];

/** The events API of a path, or undefined if it is not an events path. */
export function eventRoute(pathname: string): EventRoute | undefined {
  const fixed = FIXED.get(pathname);
  if (fixed) return fixed;
  for (const [pattern, api] of KEYED) {
    const pathKey = pattern.exec(pathname)?.[1];
    if (pathKey !== undefined) return { api, pathKey };
  }
  return undefined;
}
