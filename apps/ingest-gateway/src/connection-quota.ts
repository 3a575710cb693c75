import { type Socket } from 'node:net';
import { type Networks } from './networks';
import { quotaAddressOf } from './quota-address';

export interface ConnectionQuotaOptions {
  /** Open connections from one address, or one /64 of IPv6; 0: any number. */
  readonly maximum: number;
  /** Proxies, whose connections are those of many senders. */
  readonly exempt: Networks | undefined;
  /** Called for each connection that is closed because its address has too many. */
  readonly onRefused: () => void;
}

/** Limits the open connections from one address (of IPv6: one /64), over all ports: further ones are closed at once. */
export class ConnectionQuota {
  readonly #options: ConnectionQuotaOptions;
  readonly #open = new Map<string, number>();

  constructor(options: ConnectionQuotaOptions) {
    this.#options = options;
  }

  add(socket: Socket): void {
    const { maximum, exempt, onRefused } = this.#options;
    const { remoteAddress = '' } = socket;
    const address = quotaAddressOf(remoteAddress);
    if (maximum === 0 || address === undefined || exempt?.has(remoteAddress) === true) return;
    const open = this.#open.get(address) ?? 0;
    if (open >= maximum) {
      onRefused();
      socket.destroy();
      return;
    }
    this.#open.set(address, open + 1);
    socket.once('close', () => {
      const left = (this.#open.get(address) ?? 0) - 1;
      if (left <= 0) this.#open.delete(address);
      else this.#open.set(address, left);
    });
  }
}
