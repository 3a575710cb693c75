import { SYSTEM_CLOCK, SYSTEM_RANDOM, uuidAt } from '@pdaltagent/clock';
import { GetClient } from '@pdaltagent/http';
import { type FactContent, MessageReferences } from '@pdaltagent/journal';
import {
  laneKey,
  laneOfMessage,
  type OutgoingMessage,
  PublishError,
  toProperties,
  webhookMessage,
  WEBHOOKS,
} from '@pdaltagent/messaging';
import { BrokerClient, BrokerUnavailable, Sender } from '@pdaltagent/operations';
import { LogEntriesApi, PAGE_BYTES_LIMIT, type PageFailure, WindowReader } from '@pdaltagent/rest-api';
import {
  authoritiesOf,
  brokerOf,
  brokerVariables,
  configuredScrubber,
  journalVariables,
  readConfiguration,
  webhookVariables,
} from '@pdaltagent/service';
import { type Destination, type LogEntry, matchesFilter, WEBHOOK_ID_HEADER } from '@pdaltagent/webhooks';

import { pagerDutyVariables } from '../configuration';
import { confirm } from '../dead-letters/confirmation';
import { instantOf as textOfInstant } from '../duration';
import { operatorAction, recordActions } from '../journal/record-actions';
import { Progress } from '../progress';
import { CliError, type Terminal } from '../terminal';
import { pollerDestinations, chooseDestinations, type WebhookConfiguration } from './configuration';

export interface WebhookReplayOptions {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly until?: number;
  readonly destination?: readonly string[];
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** Milliseconds between two requests: half of PagerDuty's rate limit, because the log-poller uses the same token. */
const SPACING_MS = 125;
const SECOND_MS = 1_000;
/** Maximum number of unconfirmed messages. */
const MAX_UNCONFIRMED = 100;

/** Sends the webhooks of a past period again. @returns 0 if all of them were queued */
export async function replay(terminal: Terminal, options: WebhookReplayOptions): Promise<number> {
  const { environment, out } = terminal;
  const configuration = readConfiguration(
    { ...pagerDutyVariables, ...webhookVariables, ...brokerVariables, ...journalVariables },
    environment,
  );
  const all = pollerDestinations(terminal, configuration).current();
  const destinations = chooseDestinations(all, options.destination);
  const window = windowOf(options, terminal.now());
  const names = destinations.map(({ name }) => name).join(', ');
  const span = `${textOfInstant(window.since)} to ${textOfInstant(window.until)}`;
  if (options.dryRun === undefined) {
    const question = `Send the webhooks of ${span} to ${names} again?`;
    if (!(await confirm(terminal, question, options))) return 1;
  }
  const contents = readLogEntries(terminal, configuration, authoritiesOf(configuration), window);
  const messagesOf = messageFactory(configuration, destinations);
  const progress = new Progress(terminal, options.dryRun ? 'counted' : 'sent');
  const client = options.dryRun
    ? undefined
    : await BrokerClient.open({ ...brokerOf(configuration), name: 'webhooks replay' });
  const references = new MessageReferences((name) => name, configuration.journalText);
  const acceptedFact = (message: OutgoingMessage): FactContent => ({
    ...references.of(message),
    kind: 'accepted',
    bytes: message.body.length,
    lane: laneOfMessage(WEBHOOKS, message),
  });
  const accepted: FactContent[] = [];
  let sent = 0;
  let read = 0;
  let reached = window.since;
  let failure: string | undefined;
  try {
    const sender = client === undefined ? undefined : await Sender.open(client);
    for await (const { entries, window: part } of contents) {
      read += entries.length;
      const messages = entries.flatMap(messagesOf);
      for (let start = 0; start < messages.length; start += MAX_UNCONFIRMED) {
        const slice = messages.slice(start, start + MAX_UNCONFIRMED);
        const results = await Promise.allSettled(
          slice.map((message) => send(sender, message).then(() => accepted.push(acceptedFact(message)))),
        );
        // The others are queued even if one failed.
        sent += results.filter(({ status }) => status === 'fulfilled').length;
        const failures = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
        if (failures[0] instanceof Error) throw failures[0];
        progress.at(sent, `up to ${textOfInstant(part.until)}`);
      }
      reached = part.until;
    }
  } catch (error) {
    const cause = causeOf(error);
    if (cause === undefined || client === undefined) throw error;
    failure = `stopped after ${sent}: ${cause}; run it again with --since ${textOfInstant(reached)}`;
  } finally {
    progress.end();
    await client?.close();
  }
  if (client !== undefined && sent > 0) {
    const recorded = operatorAction('webhooks replay', `${span} to ${names}: ${sent} webhooks`);
    await recordActions(terminal, (by) => [...accepted, ...recorded(by)]);
  }
  if (options.json) {
    const period = { since: textOfInstant(window.since), until: textOfInstant(window.until) };
    const counts = {
      log_entries: read,
      [options.dryRun ? 'would_queue' : 'queued']: sent,
      ...(options.dryRun ? {} : { error: failure ?? null }),
    };
    out(`${JSON.stringify({ ...period, destinations: destinations.map(({ name }) => name), ...counts }, null, 2)}\n`);
    if (failure === undefined) return 0;
  }
  if (failure !== undefined) throw new CliError(failure);
  const found = `${read} log entries of ${span}`;
  out(
    options.dryRun
      ? `${found}: ${sent} webhooks would be sent to ${names}\n`
      : `${found}: ${sent} webhooks queued for ${names}\n`,
  );
  return 0;
}

/** Why a replay cannot continue; undefined for a bug. */
function causeOf(error: unknown): string | undefined {
  if (error instanceof PublishError) return `the broker did not accept a webhook (${error.message})`;
  return error instanceof BrokerUnavailable || error instanceof CliError ? error.message : undefined;
}

/** Whole seconds, as PagerDuty's. @throws CliError if the period is empty */
function windowOf({ since, until }: WebhookReplayOptions, now: number) {
  const window = {
    since: Math.floor(since / SECOND_MS) * SECOND_MS,
    until: Math.ceil((until ?? now) / SECOND_MS) * SECOND_MS,
  };
  if (window.since >= window.until) throw new CliError('--since must be before --until', 2);
  return window;
}

/** Reads as the log-poller does: a page that fails is retried until it succeeds. Only a refused token ends it. */
async function* readLogEntries(
  { error: say }: Terminal,
  { apiToken: token, apiBaseUrl: baseUrl, allLogEntries: all }: WebhookConfiguration,
  authorities: readonly string[],
  window: { readonly since: number; readonly until: number },
) {
  if (token === undefined)
    throw new CliError('PDAGENTD_API_TOKEN is not set: a token that can read log entries is required');
  const tls = authorities.length === 0 ? {} : { tls: { ca: authorities } };
  const getter = new GetClient({ maxSockets: 1, attemptTimeoutMs: 30_000, responseLimit: PAGE_BYTES_LIMIT, ...tls });
  const api = new LogEntriesApi({ httpClient: getter, baseUrl, token, all, spacingMs: SPACING_MS });
  const refusal = new AbortController();
  const onPageResult = (failure: PageFailure | null) => {
    if (failure?.kind === 'refused')
      refusal.abort(new CliError(`PagerDuty rejects PDAGENTD_API_TOKEN (status ${failure.status})`));
  };
  const line = (message: string) => void say(`${message}\n`);
  const reader = new WindowReader({ api, log: { warn: line, error: line }, onPageResult });
  try {
    yield* reader.read(window, refusal.signal);
  } catch (error) {
    refusal.signal.throwIfAborted();
    throw error;
  } finally {
    getter.close();
  }
}

/**
 * The messages of an entry: the same webhooks, with the same webhook ids, as the log-poller published, but with new message
 * ids: webhooks that were delivered before are sent again, and those that this replay delivers are not sent twice.
 */
function messageFactory(configuration: WebhookConfiguration, destinations: readonly Destination[]) {
  const services = configuration.services === undefined ? undefined : new Set(configuration.services);
  const scrubber = configuration.scrubWebhooks ? configuredScrubber(configuration) : undefined;
  const scrub = scrubber && ((body: Buffer) => scrubber.scrubWebhook(body).bytes);
  const config = configuration.webhookConfig ?? {};
  return (entry: LogEntry): OutgoingMessage[] => {
    if (services !== undefined && (entry.serviceId === null || !services.has(entry.serviceId))) return [];
    const wanting = destinations.filter(({ filter }) => matchesFilter(filter, entry));
    return wanting.map((destination) => {
      const message = webhookMessage(entry, destination, { config, scrub });
      return {
        ...message,
        id: uuidAt(SYSTEM_CLOCK.wall(), SYSTEM_RANDOM),
        forward: { ...message.forward, [WEBHOOK_ID_HEADER]: message.id },
      };
    });
  };
}

/** Sends nothing without a sender, in a dry run. */
async function send(sender: Sender | undefined, message: OutgoingMessage): Promise<void> {
  const lane = laneKey(laneOfMessage(WEBHOOKS, message));
  await sender?.send(WEBHOOKS.exchange, lane, message.body, toProperties(message));
}
