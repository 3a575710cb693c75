/** What workers say to each other on the status exchange. `group`: only workers of one group share lanes. */
export type Announcement =
  | { readonly kind: 'here'; readonly member: string; readonly group: string; readonly asks: boolean }
  | { readonly kind: 'gone'; readonly member: string; readonly group: string };

/** Reads an announcement; undefined: it is something else. */
export function announcementOf(content: Buffer): Announcement | undefined {
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('member' in value) || typeof value.member !== 'string') return undefined;
    if (!('group' in value) || typeof value.group !== 'string' || !('kind' in value)) return undefined;
    const { member, group } = value;
    if (value.kind === 'gone') return { kind: 'gone', member, group };
    return value.kind === 'here'
      ? { kind: 'here', member, group, asks: 'asks' in value && value.asks === true }
      : undefined;
  } catch {
    return undefined;
  }
}
