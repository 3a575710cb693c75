import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { DEAD_LETTER_EXCHANGE, isPermanentRefusal, type Publisher, WEBHOOKS } from '@pdaltagent/messaging';

/** Puts what cannot become a webhook among the dead letters of the webhooks, where an operator finds it. */
export class UnconvertibleEntries {
  readonly #publisher: Pick<Publisher, 'send'>;
  readonly #scrub: (body: Buffer) => Buffer;
  readonly #clock: Clock;

  /** @param scrub takes personal data out of what is put there; absent: it stays */
  constructor(
    publisher: Pick<Publisher, 'send'>,
    scrub: (body: Buffer) => Buffer = (body) => body,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#publisher = publisher;
    this.#scrub = scrub;
    this.#clock = clock;
  }

  /** Resolves once the broker has the letter: without the content if that is more than it takes. @throws PublishError */
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
    return this.#publisher.send(DEAD_LETTER_EXCHANGE, WEBHOOKS.deadLetters, body, {
      persistent: true,
      mandatory: true,
      messageId: id,
      contentType: 'application/json',
      // `foreign`: no replay can deliver it.
      headers: { dead_reason: 'foreign', dead_at: this.#clock.wall(), dead_answer: problem, dead_attempts: 0 },
    });
  }
}
