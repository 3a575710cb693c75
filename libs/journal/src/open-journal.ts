import { type Clock, type Random } from '@pdaltagent/clock';
import { amqplibConnect, type Log, type TopologyMode } from '@pdaltagent/messaging';
import { brokerOf, type ConfigurationOf, type journalLimitVariables, type journalVariables } from '@pdaltagent/service';
import { type Registry } from 'prom-client';
import { type FactRecorder, NO_JOURNAL } from './fact';
import { Journal } from './journal';
import { meteredBy } from './journal-metrics';
import { JournalReader } from './journal-reader';

interface BrokerSettings {
  readonly amqpUrl: string;
  readonly certificateAuthorities: string | undefined;
}

/** The values of `journalVariables` and of `brokerVariables` or `queueVariables`. */
export type JournalConfiguration = BrokerSettings &
  ConfigurationOf<typeof journalVariables> & { readonly topologyMode?: TopologyMode };

/** The values of `journalLimitVariables` and of `brokerVariables`. */
export type JournalReaderConfiguration = BrokerSettings & ConfigurationOf<typeof journalLimitVariables>;

export interface OpenJournalOptions {
  readonly logger: Log;
  /** Counts what is written and dropped; a command has none. */
  readonly metrics?: Registry;
  /** The name of the app, for example `delivery-worker`. */
  readonly service: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What an app records facts with. */
export interface OpenedJournal extends FactRecorder {
  /** Begins to connect; does not wait for the broker. What was recorded before is written too. */
  start(): void;
  /** Writes what is left, for two seconds at most, and closes the connection, for one more; does not wait for a broker that takes nothing. Never throws. */
  stop(): Promise<void>;
  /** Resolves once everything that was recorded is in the stream: with whether it is, after this time at the latest; never throws. */
  flush(timeoutMs: number): Promise<boolean>;
}

/** The journal of an app; one that records nothing if it is switched off. */
export function openJournal(configuration: JournalConfiguration, options: OpenJournalOptions): OpenedJournal {
  const { logger, metrics, service, clock, random } = options;
  if (!configuration.journal) {
    const nothing = { ...NO_JOURNAL, start: () => undefined, stop: () => Promise.resolve() };
    return { ...nothing, flush: () => Promise.resolve(false) };
  }
  const { url, authorities } = brokerOf(configuration);
  return new Journal({
    url,
    connect: amqplibConnect(authorities),
    service,
    version: process.env.PDALTAGENT_VERSION ?? 'development',
    text: configuration.journalText,
    limits: { maximumAgeSeconds: configuration.journalMaxAgeSeconds, maximumBytes: configuration.journalMaxBytes },
    topologyMode: configuration.topologyMode,
    log: logger,
    clock,
    random,
    observer: metrics === undefined ? undefined : meteredBy(metrics),
  });
}

/** @param name of its connection, for example `pdaltagent events` */
export function openJournalReader(configuration: JournalReaderConfiguration, name: string): JournalReader {
  const { url, authorities } = brokerOf(configuration);
  const maximumAgeMs = configuration.journalMaxAgeSeconds * 1_000;
  return new JournalReader({ url, connect: amqplibConnect(authorities), name, maximumAgeMs });
}
