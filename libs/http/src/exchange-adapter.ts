import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type AxiosAdapter, AxiosError, AxiosHeaders } from 'axios';
import { type ConnectionPools } from './connection-pools';
import { Exchange, type ExchangeLimits } from './exchange';
import { FORBIDDEN_ADDRESS } from './forbidden-addresses';
import { type HttpResponse, OutgoingRequest } from './outgoing-request';

/** The headers that axios sees: the real ones are in the data. */
const NO_HEADERS = new AxiosHeaders();

export interface AdapterOptions extends ExchangeLimits {
  readonly pools: ConnectionPools;
  readonly clock?: Clock | undefined;
}

/**
 * An adapter for axios from `OutgoingRequest` to `HttpResponse`, over undici. Axios' own adapter has no connect timeout, follows
 * redirects by default and takes several times the time.
 */
export function exchangeAdapter({ pools, clock = SYSTEM_CLOCK, ...limits }: AdapterOptions): AxiosAdapter {
  // Nearly all requests go to the same URL.
  let latest = new URL('http://localhost/');
  let latestText = latest.href;
  return (config) =>
    new Promise((resolve, reject) => {
      const request: unknown = config.data;
      if (!(request instanceof OutgoingRequest)) throw new TypeError('the data is not an OutgoingRequest');
      const onAbort: (reason: unknown) => void = reject;
      if (request.signal?.aborted === true) return onAbort(request.signal.reason);
      if (request.url !== latestText) {
        latest = new URL(request.url);
        latestText = request.url;
      }
      const onFailure = (code: string, message: string) => reject(new AxiosError(message, code, config));
      const refusal = pools.refusalOf(latest);
      if (refusal !== undefined) return onFailure(FORBIDDEN_ADDRESS, refusal);
      const onResponse = (data: HttpResponse) =>
        resolve({ data, status: data.status, statusText: '', headers: NO_HEADERS, config });
      const callbacks = { onResponse, onFailure, onAbort };
      const path = `${latest.pathname}${latest.search}`;
      new Exchange(pools.for(latest), path, request, limits, clock, callbacks).start();
    });
}
