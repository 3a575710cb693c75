import { connectToBroker } from '@pdaltagent/testing';
import { WEBHOOKS } from '@pdaltagent/messaging';
import { Cursor, type Position, type Store, StoreError } from '@pdaltagent/store';
import { type LogEntry } from '@pdaltagent/webhooks';
import { type GetMessage } from 'amqplib';
import { WebhookPublisher } from './webhook-publisher';

/** Removes and returns all dead letters. */
export async function drainDeadLetters(amqpUrl: string): Promise<GetMessage[]> {
  const connection = await connectToBroker(amqpUrl);
  const channel = await connection.createChannel();
  const deadLetters: GetMessage[] = [];
  for (;;) {
    const deadLetter = await channel.get(WEBHOOKS.deadLetters, { noAck: true });
    if (deadLetter === false) break;
    deadLetters.push(deadLetter);
  }
  await connection.close();
  return deadLetters;
}

/** Stops like a process that is killed after the broker confirmed an entry and before it is marked as seen. */
export class InterruptedPublisher extends WebhookPublisher {
  constructor(
    options: ConstructorParameters<typeof WebhookPublisher>[0],
    private readonly store: Store,
    private readonly lastId: string,
  ) {
    super(options);
  }

  override async publish(entry: LogEntry, maybeDuplicate: boolean): Promise<void> {
    await super.publish(entry, maybeDuplicate);
    if (entry.id === this.lastId) this.store.close();
  }
}

/** As with a Redis whose memory is full: it can be read but not written. */
export class RefusingCursor extends Cursor {
  override read(): Promise<Position> {
    return Promise.resolve({ start: 0, cursor: Date.now() });
  }

  override advance(): Promise<void> {
    return Promise.reject(new StoreError('refused', 'OOM command not allowed'));
  }
}
