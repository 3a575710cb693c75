import { type Finding } from './detect';

/**
 * Selects the findings that count in a link: scheme, host and path are kept, except e-mail addresses and secrets in the path;
 * user info, query and fragment are scrubbed. Without a host (`mailto:`), all findings count.
 */
export function urlFilter(url: string): (finding: Finding) => boolean {
  const scheme = url.indexOf('://');
  if (scheme < 0) return () => true;
  const authority = scheme + 3;
  const rest = url.slice(authority).search(/[/?#]/);
  const hostEnd = rest < 0 ? url.length : authority + rest;
  const userEnd = url.lastIndexOf('@', hostEnd - 1);
  const tail = url.slice(hostEnd).search(/[?#]/);
  const query = tail < 0 ? url.length : hostEnd + tail;
  return ({ start, end, kind }) => {
    if (start > query) return true;
    if (end <= hostEnd) return userEnd >= authority && end <= userEnd;
    return start >= hostEnd && end <= query && (kind === 'EMAIL_ADDRESS' || kind === 'SECRET');
  };
}

/** Encodes a placeholder for a URL. */
export function encodePlaceholder(replacement: string): string {
  return replacement.replaceAll('{', '%7B').replaceAll('}', '%7D');
}
