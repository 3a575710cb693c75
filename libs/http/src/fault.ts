import { certificateFaultOf, type Fault } from '@pdaltagent/delivery';
import { ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, CUT_SHORT, STALE_CONNECTION } from './exchange';
import { FORBIDDEN_ADDRESS } from './forbidden-addresses';

/** Faults by error code of Node's network stack or of our exchange. Source: Node's errors. */
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
};

/** The fault that an error stands for. Unknown error codes count as unreachable. */
export function faultOf(error: { readonly code?: string | undefined; readonly message: string }): Fault {
  const code = error.code ?? '';
  const known = FAULT_BY_CODE[code] ?? certificateFaultOf(code);
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return 'cut-short';
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO') return 'tls';
  // hpagent's errors have no code.
  if (error.message.startsWith('Bad response:') || error.message === 'Proxy timeout') return 'proxy';
  return 'unreachable';
}
