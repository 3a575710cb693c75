import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { deadLetterExchange, isPermanentRefusal, type Publisher, WEBHOOKS } from '@pdaltagent/messaging';

/** Publishes entries that cannot be converted to webhooks as dead letters, where an operator finds them. */
export class UnconvertibleEntries {
  readonly #publisher: Pick<Publisher, 'send'>;
  readonly #scrub: (body: Buffer) => Buffer;
  readonly #clock: Clock;

  /** @param scrub removes personal data from the dead letter; absent: it stays */
  constructor(
    publisher: Pick<Publisher, 'send'>,
    scrub: (body: Buffer) => Buffer = (body) => body,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#publisher = publisher;
    this.#scrub = scrub;
    this.#clock = clock;
  }

  /**
   * Resolves once the broker has confirmed the dead letter, without the content if that is too large.
   * @throws PublishError
   */
  async deadLetter(id: string, content: string, problem: string): Promise<void> {
    const body = this.#scrub(Buffer.from(content));
    try {
      await this.#send(id, body, problem);
    } catch (error) {
      if (!isPermanentRefusal(error)) throw error;
      await this.#send(id, Buffer.from(JSON.stringify({ id })), `${problem}; body of ${body.length} bytes omitted`);
    }
  }

  #send(id: string, body: Buffer, problem: string): Promise<void> {
    return this.#publisher.send(deadLetterExchange(WEBHOOKS), WEBHOOKS.deadLetters, body, {
      persistent: true,
      mandatory: true,
      messageId: id,
      contentType: 'application/json',
      // `foreign`: no replay can deliver it.
      headers: { dead_reason: 'foreign', dead_at: this.#clock.wall(), dead_answer: problem, dead_attempts: 0 },
    });
  }
}
