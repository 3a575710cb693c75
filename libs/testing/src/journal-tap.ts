import { type Channel, type ChannelModel } from 'amqplib';
import { inflateRawSync } from 'node:zlib';
import { connectToBroker } from './connect-to-broker';
import { waitUntil } from './wait-until';

const STREAM = 'pdaltagent.journal';

/** A line of the journal, read without the product's own reader. */
export interface TappedFact {
  readonly kind: string;
  readonly at: number;
  readonly id?: string;
  readonly [field: string]: unknown;
}

/** Everything in the journal's stream of a broker, as it is there: what a test reads here, anybody can read. */
export class JournalTap {
  readonly facts: TappedFact[] = [];
  /** The lines of the facts. */
  readonly lines: string[] = [];

  private constructor(private readonly connection: ChannelModel) {}

  /** Reads the stream from its beginning, as soon as there is one, and goes on until it is closed. */
  static async open(amqpUrl: string): Promise<JournalTap> {
    const connection = await connectToBroker(amqpUrl);
    const tap = new JournalTap(connection);
    await waitUntil(() => isDeclared(connection), { what: 'the journal to be declared' });
    const channel = await connection.createChannel();
    await channel.prefetch(100);
    await tap.#consume(channel);
    return tap;
  }

  /** The facts about a message, in the order in which they are in the stream. */
  of(id: string): readonly TappedFact[] {
    return this.facts.filter((fact) => fact.id === id);
  }

  kindsOf(id: string): readonly string[] {
    return this.of(id).map(({ kind }) => kind);
  }

  /** Resolves with the first fact that satisfies the condition, once there is one. */
  find(what: string, isWanted: (fact: TappedFact) => boolean): Promise<TappedFact> {
    return waitUntil(() => this.facts.find(isWanted), { what: `the journal to have ${what}` });
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  async #consume(channel: Channel): Promise<void> {
    await channel.consume(
      STREAM,
      (message) => {
        if (message === null) return;
        for (const line of inflateRawSync(message.content).toString().split('\n')) this.#add(line);
        channel.ack(message);
      },
      { arguments: { 'x-stream-offset': 'first' } },
    );
  }

  #add(line: string): void {
    if (line === '') return;
    this.lines.push(line);
    this.facts.push(JSON.parse(line) as TappedFact);
  }
}

/** Whether a broker has the exchange or the stream of the journal. */
export async function hasJournal(amqpUrl: string): Promise<boolean> {
  const connection = await connectToBroker(amqpUrl);
  try {
    return (await isDeclared(connection)) || (await exists(connection, (channel) => channel.checkExchange(STREAM)));
  } finally {
    await connection.close();
  }
}

function isDeclared(connection: ChannelModel): Promise<boolean> {
  return exists(connection, (channel) => channel.checkQueue(STREAM));
}

/** The broker closes the channel over which somebody asks for what does not exist. */
async function exists(connection: ChannelModel, check: (channel: Channel) => Promise<unknown>): Promise<boolean> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  try {
    await check(channel);
    await channel.close();
    return true;
  } catch {
    return false;
  }
}
