/** Names of headers of messages: those that PDaltagent, RabbitMQ or JavaScript give a meaning. */
export const NAMES = [
  ...['routing_key', 'order_key', 'received_at', 'original_received_at', 'content_type', 'forward', 'query', 'adapter'],
  ...['action', 'again', 'traceparent', 'version', 'dead_reason', 'dead_at', 'dead_answer', 'dead_attempts'],
  ...['CC', 'BCC', 'x-death', 'x-first-death-reason', 'x-delivery-count', 'x-dead-letter-exchange', 'x-delay'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '!', 'value', '', 'length', 'then'],
] as const;

/** Names of headers to forward: of requests, of none, and of JavaScript’s objects. */
export const FORWARDED = [
  ...['x-vendor', '__proto__', 'constructor', 'content-type', 'Content-Length', 'transfer-encoding', 'Host', 'HOST '],
  ...['expect', 'upgrade', 'connection', 'trailer', 'te', 'cookie', ':path', ':authority', '', ' ', 'a\r\nb', 'é', '!'],
  ...['proxy-authorization', 'accept-encoding', 'user-agent', 'traceparent', 'content-encoding', 'toString', '0'],
] as const;
