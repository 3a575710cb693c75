import { type Queue } from './queue';

interface Exchange {
  readonly type: string;
  readonly bindings: { readonly queue: string; readonly key: string }[];
}

/** Exchanges, queues by name, and the bindings between them. */
export class Exchanges {
  readonly queues = new Map<string, Queue>();
  readonly #exchanges = new Map<string, Exchange>();

  has(exchange: string): boolean {
    return exchange === '' || this.#exchanges.has(exchange);
  }

  /** @returns whether it exists with another type */
  declare(exchange: string, type: string): boolean {
    if (type !== 'direct' && type !== 'fanout') throw new Error(`not simulated: an exchange of type ${type}`);
    const existing = this.#exchanges.get(exchange);
    if (existing === undefined) this.#exchanges.set(exchange, { type, bindings: [] });
    return existing !== undefined && existing.type !== type;
  }

  bind(queue: string, exchange: string, key: string): void {
    const bindings = this.#exchanges.get(exchange)?.bindings ?? [];
    if (!bindings.some((binding) => binding.queue === queue && binding.key === key)) bindings.push({ queue, key });
  }

  /** The queues that a message is routed to, each once. */
  route(exchange: string, routingKey: string): readonly Queue[] {
    const { type, bindings } = this.#exchanges.get(exchange) ?? { type: 'direct', bindings: [] };
    const names = new Set(exchange === '' ? [routingKey] : []);
    for (const { key, queue } of bindings) if (type === 'fanout' || key === routingKey) names.add(queue);
    return [...names].flatMap((name) => this.queues.get(name) ?? []);
  }

  deleteQueue(queue: Queue): void {
    this.queues.delete(queue.options.name);
    for (const { bindings } of this.#exchanges.values()) {
      const kept = bindings.filter((binding) => binding.queue !== queue.options.name);
      bindings.splice(0, bindings.length, ...kept);
    }
    queue.state.delete();
  }
}
