import { type Change, type ConnectivityFault, type Outcome } from '@pdaltagent/delivery';

type Broken = Extract<Change, { readonly kind: 'connectivity-broken' }>;

interface Explanation {
  /** What the answer means. */
  readonly means: string;
  /** What somebody has to do about it. */
  readonly advice: string;
}

const EXPLANATIONS: Readonly<Record<ConnectivityFault, Explanation>> = {
  denied: {
    means: 'it is answered with "not allowed", which the destination itself never says of an event',
    advice: 'look for a proxy or firewall that asks for a login, and check the base URL',
  },
  'not-found': {
    means: 'nobody there knows the address',
    advice: 'check the base URL, and whether a proxy answers in place of the destination',
  },
  proxy: {
    means: 'the proxy lets nothing through',
    advice: 'check HTTPS_PROXY (with user and password, where it wants them) and what the proxy allows',
  },
  redirected: {
    means: 'it leads elsewhere, and redirects are never followed',
    advice: 'check the base URL (https, right host), and whether a login page of the network is in between',
  },
  certificate: {
    means: 'the certificate there is not trusted, or has expired',
    advice: 'where a proxy of your own opens TLS, name its authority in PDAGENTD_CA_FILE; else renew the certificate',
  },
  tls: {
    means: 'no TLS handshake comes about',
    advice: 'check that the base URL speaks TLS (https, right port), and what a proxy does with it',
  },
  'forbidden-address': {
    means: 'it is a metadata service or a link-local address, to which nothing is sent',
    advice:
      'check the URL and what its name resolves to; where it is meant so, set allowMetadataAddresses for the destination',
  },
  'unrecognized-answer': {
    means: 'its answers are not PagerDuty’s',
    advice: 'check the base URL, and look for a proxy, firewall or login page of the network that answers in its place',
  },
  other: {
    means: 'what answers there is not what should',
    advice: 'check the base URL and any proxy',
  },
};

/** On a vendor's path the key is part of the address, so only the key may be wrong. */
const UNKNOWN_KEY: Explanation = {
  means: 'nobody there knows the address, of which the key is a part',
  advice: 'check that the integration still exists at PagerDuty and that the sender uses its key',
};

/** What a broken way means, and what to do about it. */
export function explain({ scope, fault, outcome }: Pick<Broken, 'scope' | 'fault' | 'outcome'>): Explanation {
  if (fault === 'unrecognized-answer') return { ...EXPLANATIONS[fault], means: answererOf(outcome) };
  return scope === 'key' && fault === 'not-found' ? UNKNOWN_KEY : EXPLANATIONS[fault];
}

/** "answered by nginx, not PagerDuty", as far as the answer's headers tell. */
export function answererOf(outcome: Outcome): string {
  const server = outcome.kind === 'failed' ? outcome.answeredBy?.server : undefined;
  return `answered by ${server ?? 'something else'}, not PagerDuty`;
}
