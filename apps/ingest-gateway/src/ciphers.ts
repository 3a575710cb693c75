import { createSecureContext } from 'node:tls';

/**
 * The ciphers of TLS 1.2 that Mozilla's configurations still recommend: with forward secrecy and AEAD. Those of TLS 1.3 are all
 * of this kind, and OpenSSL adds them to a list that has none.
 */
export const MODERN_CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Undefined if OpenSSL knows none of the ciphers. */
export function cipherList(text: string): string | undefined {
  const ciphers = text.trim();
  try {
    createSecureContext({ ciphers });
    return ciphers;
  } catch {
    return undefined;
  }
}
