/**
 * Headers that frame or route a single request, or control its connection, in lower case. They belong to the request that is
 * sent, and its sender sets them: copied from another request, they could make one body look like two requests.
 * Source: RFC 9110, 7.6.1 and 10.1.1; RFC 9112, 6; RFC 9113, 8.2.2.
 */
export const FRAMING_HEADERS = [
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
] as const;
