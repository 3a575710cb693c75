const USER_INFO = /([a-z][a-z0-9+.-]*:\/\/)([^\s:/@]*):([^\s/@]+)@/gi;
const ROUTING_KEY = /(?<![A-Za-z0-9])[A-Za-z0-9]{28}([A-Za-z0-9]{4})(?![A-Za-z0-9])/g;

/** Masks a secret but for its last four characters: `…d1a6`. */
export function maskKey(key: string): string {
  return key.length > 8 ? `…${key.slice(-4)}` : '…';
}

/** Masks anything in a text that looks like a secret: 32-character keys, and passwords in URLs. */
export function maskSecrets(text: string): string {
  return text.replace(USER_INFO, '$1$2:…@').replace(ROUTING_KEY, '…$1');
}

/** A masker that also masks this process's own secrets. */
export function secretMasker(secrets: readonly string[]): (text: string) => string {
  const known = secrets.filter((secret) => secret.length >= 4).sort((a, b) => b.length - a.length);
  return (text) => maskSecrets(known.reduce((masked, secret) => masked.replaceAll(secret, maskKey(secret)), text));
}
