/** Events in one of PagerDuty's own formats, which we can read and validate. */
export type ApiType = 'v2' | 'v1' | 'change';
/** Bodies that only a transformer at PagerDuty understands: they are forwarded byte for byte. */
export type VendorType = 'x-ere' | 'integration' | 'integration-change' | 'adapter' | 'nagios';
/** The PagerDuty endpoint that an event is for. It decides the path and how the response is interpreted. */
export type EventType = ApiType | VendorType;

export const API_TYPES: readonly ApiType[] = ['v2', 'v1', 'change'];
export const VENDOR_TYPES: readonly VendorType[] = ['x-ere', 'integration', 'integration-change', 'adapter', 'nagios'];
export const EVENT_TYPES: readonly EventType[] = [...API_TYPES, ...VENDOR_TYPES];

/** Whether an event of this type is in a format that we can read and validate. */
export function isApiType(type: EventType): type is ApiType {
  return type === 'v2' || type === 'v1' || type === 'change';
}

/**
 * The path below PagerDuty's events host that an event of this type is posted to.
 * Vendor paths contain the routing key, except for the type `nagios`; for the others it is in the body.
 * @param adapter for the type `adapter`: vendor and version, `cloudwatch_sns/v1`
 */
export function pathOf(type: EventType, routingKey: string, adapter = ''): string {
  switch (type) {
    case 'v2':
      return '/v2/enqueue';
    case 'v1':
      return '/generic/2010-04-15/create_event.json';
    case 'change':
      return '/v2/change/enqueue';
    case 'x-ere':
      return `/x-ere/${encodeURIComponent(routingKey)}`;
    case 'integration':
      return `/integration/${encodeURIComponent(routingKey)}/enqueue`;
    case 'integration-change':
      return `/integration/${encodeURIComponent(routingKey)}/change/enqueue`;
    case 'adapter':
      return `/adapter/${adapter}/${encodeURIComponent(routingKey)}`;
    case 'nagios':
      return '/nagios/2010-04-15/create_event';
  }
}

/** Whether a text is the vendor and version in an adapter's path: two segments that need no escaping in a URL. */
export function isAdapter(text: string): boolean {
  return /^[A-Za-z0-9_-][\w.-]{0,63}\/[A-Za-z0-9_-][\w.-]{0,63}$/.test(text);
}
