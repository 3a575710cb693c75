export { type TlsOptions } from './connector';
export { isForbiddenAddress } from './forbidden-addresses';
export { faultOf } from './fault';
export { GetClient, type GetClientOptions, type GetResult } from './get-client';
export { PostClient, type PostClientOptions, type PostRequest } from './post-client';
export { PROXY_FORM, proxyFor, proxyOf } from './proxies';
export { WebhookClient, type WebhookClientOptions } from './webhook-client';
