export interface Event {
  readonly orderKey: string;
  readonly sequence: number;
  /** Can never be published: the broker closes the channel because of it, or it cannot be encoded. */
  readonly poison?: 'refused' | 'unencodable' | undefined;
}

export type Step =
  | { readonly do: 'accept'; readonly key: number; readonly poison?: Event['poison'] }
  | {
      readonly do: 'receive' | 'confirm' | 'sync' | 'serve' | 'lose' | 'receive late' | 'crash' | 'quarantine';
      readonly count: number;
    }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'end' | 'open blocked' }
  | { readonly do: 'open' | 'block' | 'unblock' | 'refuse' | 'fail to sync' | 'fail to quarantine' | 'drain orphans' };

/** An event that is in a spool from the beginning. */
export type Preloaded = Pick<Event, 'orderKey' | 'poison'>;
