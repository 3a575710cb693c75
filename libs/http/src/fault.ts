import { certificateFaultOf, type Fault } from '@pdaltagent/delivery';
import { PROXY_REFUSED } from './connector';
import { ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, CUT_SHORT, STALE_CONNECTION } from './exchange';
import { FORBIDDEN_ADDRESS } from './forbidden-addresses';

/** Faults by error code of Node's network stack, of undici or of our exchange. Sources: Node's errors, undici's errors. */
const FAULT_BY_CODE: Readonly<Record<string, Fault>> = {
  [CONNECT_TIMEOUT]: 'timeout',
  [ATTEMPT_TIMEOUT]: 'timeout',
  [CUT_SHORT]: 'cut-short',
  [STALE_CONNECTION]: 'reset',
  [FORBIDDEN_ADDRESS]: 'forbidden-address',
  [PROXY_REFUSED]: 'proxy',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_HEADERS_OVERFLOW: 'cut-short',
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
};

/** The fault that an error stands for. Unknown error codes count as unreachable. */
export function faultOf({ code = '' }: { readonly code?: string | undefined }): Fault {
  const known = FAULT_BY_CODE[code] ?? certificateFaultOf(code);
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return 'cut-short';
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO') return 'tls';
  return 'unreachable';
}
