import { type Erased } from '@pdaltagent/operations';

/** What `--only` selects, in the order in which an event may go from one to the next while they are searched. */
export const PLACES = ['spool', 'quarantine', 'dead-letters', 'journal'] as const;
export type Place = (typeof PLACES)[number];

/** What was done in one place. */
export interface PlaceResult extends Erased {
  /** It cannot be searched from here: there is none, or this user may not. */
  readonly isElsewhere?: boolean;
  /** There is none anywhere: nothing has to be done. */
  readonly isAbsent?: boolean;
}

export const NOT_HERE: PlaceResult = { found: 0, erased: 0, problems: [], isElsewhere: true };

/** How `--json` names them. */
export const JSON_NAMES: Readonly<Record<Place, string>> = {
  spool: 'spool',
  quarantine: 'quarantine',
  'dead-letters': 'dead_letters',
  journal: 'journal',
};

export const COUNTED: Readonly<Record<Place, (count: number) => string>> = {
  spool: (count) => `${count} ${count === 1 ? 'event' : 'events'} in the spool`,
  quarantine: (count) => `${count} ${count === 1 ? 'event' : 'events'} in the quarantine`,
  'dead-letters': (count) => `${count} dead ${count === 1 ? 'letter' : 'letters'}`,
  journal: (count) => `${count} ${count === 1 ? 'message' : 'messages'} in the journal`,
};

const GATEWAY = 'where each gateway runs, as its user and with its settings; on Kubernetes in each pod of the gateway:';
const POD_OF_GATEWAY = 'ingest-gateway-0';
const POD_OF_OPERATOR = 'deployment/operator';

const OF_THE_GATEWAY: ReadonlySet<Place> = new Set(['spool', 'quarantine']);

/** Says where to erase what could not be erased here. */
export function elsewhere(places: readonly Place[]): string[] {
  const own = places.filter((place) => OF_THE_GATEWAY.has(place));
  const others = places.filter((place) => !OF_THE_GATEWAY.has(place));
  return [
    ...(own.length === 0 ? [] : [`not done here: ${own.join(', ')}. Run it ${GATEWAY}\n${inPod(POD_OF_GATEWAY, own)}`]),
    ...(others.length === 0
      ? []
      : [
          `not done here: ${others.join(', ')}. Run it with an operator’s user of RabbitMQ (PDAGENTD_AMQP_URL); on Kubernetes:\n` +
            inPod(POD_OF_OPERATOR, others),
        ]),
  ];
}

function inPod(pod: string, places: readonly Place[]): string {
  return `  kubectl -n pdaltagent exec ${pod} -- pdaltagent dead-letters erase --only ${places.join(' ')} …`;
}
