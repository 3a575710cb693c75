import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/** Certificates in PEM. */
export interface TlsOptions {
  /** Additional trusted authorities, besides those that Node trusts. */
  readonly ca?: readonly string[];
  readonly certificate?: string;
  readonly key?: string;
}

export interface ConnectorOptions {
  /** Through which connections are tunnelled; undefined: none. */
  readonly proxy: URL | undefined;
  readonly tls: TlsOptions | undefined;
  /** Resolves the names of hosts; not used through a proxy, which resolves them itself. */
  readonly lookup: LookupFunction | undefined;
}

export interface Endpoint {
  readonly isSecure: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  /** The name in the server's certificate, if it is not `hostname`. */
  readonly servername: string | undefined;
}

/** Called once, unless connecting was interrupted. */
export type OnConnected = (...result: [error: null, socket: Socket] | [error: Error, socket: null]) => void;

/** The `code` of an error: the proxy does not open a tunnel. */
export const PROXY_REFUSED = 'PROXY_REFUSED';

/** Until an idle connection is probed; a firewall may have forgotten it. */
const PROBE_AFTER_MS = 10_000;

/** Establishes connections, over TLS and through a proxy where these are wanted. */
export class Connector {
  readonly #options: ConnectorOptions;
  /** Shared, because parsing all of Node's authorities takes longer than a handshake. */
  #secureContext: SecureContext | undefined;
  /** TLS sessions to resume, by endpoint. */
  readonly #sessions = new Map<string, Buffer>();

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /** Calling the result interrupts it. */
  connect(endpoint: Endpoint, onConnected: OnConnected): () => void {
    const { proxy, lookup } = this.#options;
    if (proxy === undefined) {
      const { hostname: host, port } = endpoint;
      const address = { host, port, ...(lookup === undefined ? {} : { lookup }) };
      return endpoint.isSecure
        ? this.#secure(endpoint, address, onConnected)
        : onceEstablished(connectTcp(address), 'connect', onConnected);
    }
    let interrupt = openTunnel(proxy, endpoint, (error, socket) => {
      if (error !== null) onConnected(error, null);
      else if (endpoint.isSecure) interrupt = this.#secure(endpoint, { socket }, onConnected);
      else onConnected(null, socket);
    });
    return () => interrupt();
  }

  #secure(
    { hostname, port, servername }: Endpoint,
    way: { host: string; port: number; lookup?: LookupFunction } | { socket: Socket },
    onConnected: OnConnected,
  ): () => void {
    const name = servername ?? (isIP(hostname) === 0 ? hostname : '');
    const key = `${name || hostname}:${port}`;
    const session = this.#sessions.get(key);
    const socket = connectTls({
      host: hostname,
      ...way,
      servername: name,
      secureContext: (this.#secureContext ??= secureContextOf(this.#options.tls)),
      ALPNProtocols: ['http/1.1'],
      ...(session === undefined ? {} : { session }),
    });
    socket.on('session', (latest) => this.#sessions.set(key, latest));
    return onceEstablished(socket, 'secureConnect', onConnected);
  }
}

function secureContextOf(tls: TlsOptions | undefined): SecureContext {
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ...(tls?.ca === undefined ? {} : { ca: [...rootCertificates, ...tls.ca] }),
    ...(tls?.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
  });
}

function onceEstablished(socket: Socket, event: 'connect' | 'secureConnect', onConnected: OnConnected): () => void {
  const onError = (error: Error) => onConnected(error, null);
  socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER_MS).once('error', onError);
  socket.once(event, () => {
    socket.off('error', onError);
    onConnected(null, socket);
  });
  return () => void socket.destroy();
}

function openTunnel(proxy: URL, { hostname, port }: Endpoint, onConnected: OnConnected): () => void {
  const authority = `${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port}`;
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const request = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
    method: 'CONNECT',
    host,
    ...(proxy.port === '' ? {} : { port: proxy.port }),
    ...(proxy.protocol === 'https:' && isIP(host) === 0 ? { servername: host } : {}),
    path: authority,
    setHost: false,
    headers: { host: authority, connection: 'keep-alive', ...authorizationOf(proxy) },
    agent: false,
  });
  const onError = (error: Error) => onConnected(error, null);
  request.once('error', onError);
  request.once('connect', (response, socket: Socket, head) => {
    request.off('error', onError);
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) {
      socket.destroy();
      const message = `the proxy opens no tunnel to ${authority}: it responded with status ${statusCode}`;
      onConnected(Object.assign(new Error(message), { code: PROXY_REFUSED }), null);
      return;
    }
    socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER_MS);
    if (head.length > 0) socket.unshift(head);
    onConnected(null, socket);
  });
  request.end();
  return () => void request.destroy();
}

function authorizationOf({ username, password }: URL): { 'proxy-authorization'?: string } {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
