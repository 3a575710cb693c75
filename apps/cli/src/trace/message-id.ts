const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** When a message id was assigned, in milliseconds since 1970: its first 48 bits (RFC 9562, 5.7). Undefined if it is not a UUIDv7. */
export function acceptedAtOf(id: string): number | undefined {
  const parts = UUID_V7.exec(id);
  return parts === null ? undefined : Number.parseInt(`${parts[1]}${parts[2]}`, 16);
}
