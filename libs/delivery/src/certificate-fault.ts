import { type Fault } from './outcome';

/** Why a server's certificate was refused. */
export type CertificateFault = Extract<Fault, `certificate-${string}`>;

/** By error code. Sources: Node's errors, OpenSSL's verify codes. */
const FAULT_BY_CODE: Readonly<Record<string, CertificateFault>> = {
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

/** The fault of a certificate that an error code stands for; undefined for other codes. */
export function certificateFaultOf(code: string): CertificateFault | undefined {
  return FAULT_BY_CODE[code];
}

/**
 * The message of an error of connecting to a server; if its certificate was refused, with what to do about it.
 * @param variable with the server's URL
 */
export function connectionProblem(error: Error, variable: string): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const fault = certificateFaultOf(code);
  return fault === undefined ? error.message : `${error.message}: ${adviceFor(code, fault, variable)}`;
}

function adviceFor(code: string, fault: CertificateFault, variable: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `use a name in ${variable} that the certificate is valid for`;
  if (fault === 'certificate-expired') return 'renew the certificate of the server';
  return 'the certificate of the server is not trusted; add its authority to PDAGENTD_CA_FILE';
}
