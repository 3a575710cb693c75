/** Not after a letter, so that a long word is looked at once. A password may contain `@`: the last one before the host counts. */
const USER_INFO = /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/?#"'<>]{1,2000})@/gi;
const ROUTING_KEY = /(?<![A-Za-z0-9])[A-Za-z0-9]{28}([A-Za-z0-9]{4})(?![A-Za-z0-9])/g;
/** A shorter text occurs by chance. */
const MIN_SECRET_LENGTH = 4;

/** Masks a secret but for its last four characters: `…d1a6`. */
export function maskKey(key: string): string {
  return key.length > 8 ? `…${key.slice(-4)}` : '…';
}

/** Masks anything in a text that looks like a secret: 32-character keys, passwords in URLs, and users without one: tokens. */
export function maskSecrets(text: string): string {
  return text
    .replace(USER_INFO, (_match, scheme: string, credentials: string) => {
      const colon = credentials.indexOf(':');
      const hasPassword = colon >= 0 && colon < credentials.length - 1;
      return hasPassword ? `${scheme}${credentials.slice(0, colon)}:…@` : `${scheme}…@`;
    })
    .replace(ROUTING_KEY, '…$1');
}

/**
 * A masker for a string that also masks this process's own secrets: as they are, and as URLs and JSON inside the string escape them.
 * Not for JSON itself: a secret may look like a part of its syntax.
 */
export function secretMasker(secrets: readonly string[]): (text: string) => string {
  const masks = new Map<string, string>();
  for (const secret of secrets) {
    if (secret.length < MIN_SECRET_LENGTH) continue;
    // The tail of the mask is escaped like the secret: half an escape would make JSON inside the string invalid.
    for (const escape of [asIs, encodeURIComponent, asInJson])
      masks.set(escapedBy(escape, secret), escapedBy(escape, maskKey(secret)));
  }
  const known = [...masks].sort(([a], [b]) => b.length - a.length);
  return (text) => maskSecrets(known.reduce((masked, [secret, mask]) => masked.replaceAll(secret, () => mask), text));
}

/**
 * The secrets in the text of a setting: the whole of it, and each value of a list; of `name=value` also the value; of a URL also user,
 * password, path and query, which may be the credentials of a webhook.
 */
export function secretsInSetting(text: string): readonly string[] {
  const items = [text, ...text.split(',')].map((item) => item.trim());
  return items.flatMap((item) => {
    const sign = item.indexOf('=');
    const named = sign > 0 && !item.includes('://') ? [item.slice(sign + 1)] : [];
    return [item, ...named, ...secretsInUrl(item)];
  });
}

function secretsInUrl(text: string): readonly string[] {
  if (!text.includes('://') || !URL.canParse(text)) return [];
  const { protocol, username, password, pathname, search, searchParams } = new URL(text);
  const credentials = password === '' ? [username] : [password];
  // Shorter ones are flags and numbers.
  const values = [...searchParams.values()].filter((value) => value.length >= 8);
  const isHttp = protocol === 'http:' || protocol === 'https:';
  const beyondHost = isHttp ? [pathname + search, pathname, search, ...values] : [];
  return [...credentials, ...credentials.map(decoded), ...beyondHost];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A bare percent sign is meant literally.
  }
}

/** A lone surrogate has no form in a URL. */
function escapedBy(escape: (text: string) => string, text: string): string {
  try {
    return escape(text);
  } catch {
    return text;
  }
}

const asIs = (text: string): string => text;
const asInJson = (text: string): string => JSON.stringify(text).slice(1, -1);
