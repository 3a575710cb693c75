export { Agents, type AgentOptions, type TlsOptions } from './agents';
export { exchangeAdapter, type ExchangeOptions } from './exchange';
export { isForbiddenAddress } from './forbidden-addresses';
export { faultOf } from './fault';
export { Getter, type GetterOptions, type Got } from './get-client';
export { type Post, Poster, type PosterOptions } from './post-client';
export { PROXY_FORM, proxyFor, proxyOf } from './proxies';
export { WebhookPosters, type WebhookPostersOptions } from './webhook-client';
