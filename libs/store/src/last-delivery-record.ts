/** The latest delivered message of an alert. Times are milliseconds since 1970. */
export interface LastDelivery {
  /** Its message id. */
  readonly id: string;
  readonly action: string;
  /** Its masked routing key, or a webhook's destination. */
  readonly key: string;
  readonly acceptedAt: number;
  readonly deliveredAt: number;
}

/** `<delivered at> <after> <action> <id>`, the numbers in base 36. */
const VALUE = /^([0-9a-z]{1,9}) (-?[0-9a-z]{1,9}) (\S+) (.+)$/s;
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;
/** Precedes an id that is not a UUID. */
const VERBATIM = '=';

/**
 * The field of a hash (`<name> <key>`) and its value: when it was delivered, how long after it was accepted, action
 * and id. Redis stores a hash compactly only while no field or value has more than 64 bytes
 * (`hash-max-listpack-value`), otherwise in twice the memory: therefore a UUID has 22 characters of base64.
 */
export function fieldOf(
  name: string,
  { id, action, key, acceptedAt, deliveredAt }: LastDelivery,
): readonly [field: string, value: string] {
  const after = deliveredAt - acceptedAt;
  return [`${name} ${key}`, `${deliveredAt.toString(36)} ${after.toString(36)} ${wordOf(action)} ${pack(id)}`];
}

/** The delivery in a field; undefined if it is not as `fieldOf` writes it. */
export function lastDeliveryOf(field: string, value: string): LastDelivery | undefined {
  const [, delivered = '', after = '', action = '', text = ''] = VALUE.exec(value) ?? [];
  const [, key] = /^\S+ (.+)$/s.exec(field) ?? [];
  const id = unpack(text);
  if (key === undefined || id === undefined) return undefined;
  const deliveredAt = Number.parseInt(delivered, 36);
  return { id, action, key, acceptedAt: deliveredAt - Number.parseInt(after, 36), deliveredAt };
}

/** The event of a webhook is text that anyone may have published. */
function wordOf(action: string): string {
  return /^\S{1,40}$/.test(action) ? action : '?';
}

function pack(id: string): string {
  return UUID.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url') : VERBATIM + id;
}

function unpack(text: string): string | undefined {
  if (text.startsWith(VERBATIM)) return text.slice(VERBATIM.length);
  const hex = Buffer.from(text, 'base64url').toString('hex');
  const parts = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(hex);
  return parts?.slice(1).join('-');
}
