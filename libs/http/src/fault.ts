import { type Fault } from '@pdaltagent/delivery';
import { ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, CUT_SHORT, STALE_CONNECTION } from './exchange';
import { FORBIDDEN_ADDRESS } from './forbidden-addresses';

/** Faults by error code of Node's network stack or of our exchange. Sources: Node's errors, OpenSSL's verify codes. */
const FAULT_BY_CODE: Readonly<Record<string, Fault>> = {
  [CONNECT_TIMEOUT]: 'timeout',
  [ATTEMPT_TIMEOUT]: 'timeout',
  [CUT_SHORT]: 'cut-short',
  [STALE_CONNECTION]: 'reset',
  [FORBIDDEN_ADDRESS]: 'forbidden-address',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-untrusted',
  CERT_UNTRUSTED: 'certificate-untrusted',
  CERT_REJECTED: 'certificate-untrusted',
  CERT_REVOKED: 'certificate-untrusted',
  CERT_SIGNATURE_FAILURE: 'certificate-untrusted',
  CERT_CHAIN_TOO_LONG: 'certificate-untrusted',
  INVALID_CA: 'certificate-untrusted',
  INVALID_PURPOSE: 'certificate-untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-untrusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-untrusted',
};

/** The fault that an error stands for. Unknown error codes count as unreachable. */
export function faultOf(error: { readonly code?: string | undefined; readonly message: string }): Fault {
  const code = error.code ?? '';
  const known = FAULT_BY_CODE[code];
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return 'cut-short';
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO') return 'tls';
  // hpagent's errors have no code.
  if (error.message.startsWith('Bad response:') || error.message === 'Proxy timeout') return 'proxy';
  return 'unreachable';
}
