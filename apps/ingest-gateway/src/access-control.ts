import { type IncomingMessage } from 'node:http';
import { type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { crossSiteProblem } from './browser-requests';
import { clientAddressOf, peerAddressOf } from './client-address';
import { type HostNames } from './host-names';
import { type Networks } from './networks';
import { quotaAddressOf } from './quota-address';
import { refusals, type Refused } from './refusal';
import { Tokens, UNNAMED } from './tokens';

export interface AccessControlOptions {
  /** Senders must present one of these; if empty, no token is required. */
  readonly tokens: () => Tokens;
  /** Networks that senders must be in; undefined: any. */
  readonly allowed: Networks | undefined;
  /** Proxies whose X-Forwarded-For is trusted for the address of a sender. */
  readonly trustedProxies: Networks | undefined;
  /** Names by which the gateway may be addressed; undefined: any. */
  readonly hosts: HostNames | undefined;
  /** Whether HTTPS clients must present a certificate: then plain HTTP is for this host and trusted proxies only. */
  readonly needsCertificate: boolean;
}

/** Who sent a request that is allowed. */
export interface Sender {
  readonly kind: 'sender';
  readonly address: string;
  /** The name of the token it presented; undefined if none is required. */
  readonly token: string | undefined;
  /** Whose quotas it uses: its named token's, its certificate's, or its address's. */
  readonly quotaKey: string;
}

/** A refused request, and the address of its sender. */
export interface RefusedSender {
  readonly kind: 'refused';
  readonly refused: Refused;
  readonly address: string;
}

const UNKNOWN_ADDRESS = 'an unknown address';

/** Decides who may send events: by certificate, network and token, and never from a page of another site. */
export class AccessControl {
  readonly #options: AccessControlOptions;
  /** By connection, which has many requests: decoding a certificate takes longer than the rest of the check. */
  readonly #quotaKeys = new WeakMap<Socket, { readonly address: string; readonly key: string }>();

  constructor(options: Partial<AccessControlOptions> = {}) {
    this.#options = {
      tokens: () => Tokens.none,
      allowed: undefined,
      trustedProxies: undefined,
      hosts: undefined,
      needsCertificate: false,
      ...options,
    };
  }

  get needsToken(): boolean {
    return !this.#options.tokens().isEmpty;
  }

  get tokenNames(): readonly string[] {
    return this.#options.tokens().names;
  }

  /** The sender of a request, or why it is refused. */
  admit(request: IncomingMessage): Sender | RefusedSender {
    const { allowed, trustedProxies, hosts } = this.#options;
    const address = clientAddressOf(request, trustedProxies) ?? UNKNOWN_ADDRESS;
    const refuse = (refused: Refused): RefusedSender => ({ kind: 'refused', refused, address });
    if (!this.#hasCertificateIfNeeded(request)) return refuse(refusals.plainHttp());
    if (allowed !== undefined && !allowed.has(address))
      return refuse(refusals.forbidden(`Events from ${address} are not accepted`));
    const crossSite = crossSiteProblem(request, hosts);
    if (crossSite !== undefined) return refuse(refusals.crossSite(crossSite));
    const tokens = this.#options.tokens();
    if (tokens.isEmpty)
      return { kind: 'sender', address, token: undefined, quotaKey: this.#quotaKeyOf(request, address) };
    const token = tokens.presentedIn(request.headers);
    if (token.kind === 'refused') return refuse(refusals.unauthorized(token.problem));
    const { name } = token;
    // Tokens without a name may be everybody's.
    const quotaKey = name === UNNAMED ? this.#quotaKeyOf(request, address) : `token ${name}`;
    return { kind: 'sender', address, token: name, quotaKey };
  }

  /** Of a sender that presented no token with a name. */
  #quotaKeyOf({ socket }: IncomingMessage, address: string): string {
    const known = this.#quotaKeys.get(socket);
    // A proxy forwards the requests of many addresses over one connection.
    if (known?.address === address) return known.key;
    const key = this.#certificateOf(socket) ?? quotaAddressOf(address) ?? address;
    this.#quotaKeys.set(socket, { address, key });
    return key;
  }

  #certificateOf(socket: Socket): string | undefined {
    if (!this.#options.needsCertificate || !(socket instanceof TLSSocket)) return undefined;
    return `certificate ${socket.getPeerCertificate().fingerprint256}`;
  }

  #hasCertificateIfNeeded({ socket }: IncomingMessage): boolean {
    const { needsCertificate, trustedProxies } = this.#options;
    if (!needsCertificate || socket instanceof TLSSocket) return true;
    const peer = peerAddressOf(socket);
    return peer !== undefined && (isLoopback(peer) || trustedProxies?.has(peer) === true);
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
