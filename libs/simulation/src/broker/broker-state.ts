import { type Scheduler } from '../scheduler';
import { Exchanges } from './exchanges';
import { Nodes } from './nodes';
import { type Activation } from './activation';
import { Publications } from './publications';

/** What all connections to a simulated broker share. */
export interface BrokerState {
  readonly scheduler: Scheduler;
  readonly exchanges: Exchanges;
  readonly nodes: Nodes;
  /** Bytes; a larger message closes its channel. Counts for channels that are opened from then on. */
  maxMessageSize: number;
  /** How long queues take at most to apply what was sent to them, unless they are slow; ms. */
  maxApplyMs: number;
  /** All queues are slow. */
  isSlow: boolean;
  /** After how long with an unacknowledged message a channel is closed, and how often that is checked; ms. For new channels. */
  consumerTimeout: { readonly timeoutMs: number; readonly checkMs: number } | undefined;
  /** The broker is short of memory or disk. */
  isAlarmed: boolean;
  /** Whether the leaders of new queues are on any node, and not on that of their client. */
  areLeadersSpread: boolean;
  /** For names that the broker generates. */
  generated: number;
  /** By the client's name: most unconfirmed messages of one of its channels. */
  readonly mostUnconfirmed: Map<string, number>;
  /** Why the broker closed channels. */
  readonly channelErrors: string[];
  readonly activations: Activation[];
  readonly publications: Publications;
  /** Since it began. */
  channelsOpened: number;
  passiveDeclares: number;
}

export function newState(scheduler: Scheduler): BrokerState {
  return {
    scheduler,
    exchanges: new Exchanges(),
    nodes: new Nodes(),
    maxMessageSize: 134_217_728,
    maxApplyMs: 1,
    isSlow: false,
    consumerTimeout: undefined,
    isAlarmed: false,
    areLeadersSpread: false,
    generated: 0,
    mostUnconfirmed: new Map(),
    channelErrors: [],
    activations: [],
    publications: new Publications(),
    channelsOpened: 0,
    passiveDeclares: 0,
  };
}
