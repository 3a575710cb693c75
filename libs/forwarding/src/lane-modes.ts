import { type Logger } from '@pdaltagent/service';
import { type Cause, type Mode } from './lane-ports';

export interface LaneModesPorts {
  /** Called once for all lanes whose events begin to be spooled at the same time. */
  readonly onSpoolBegun: (cause: Cause) => void;
  /** Called when the first lane begins to be spooled, and when the last one goes directly to the broker. */
  readonly onModeChange?: ((mode: Mode, cause: Cause | undefined) => void) | undefined;
}

/** The mode of each lane. Logs changes of many lanes at the same time in one line, for example when the connection is lost. */
export class LaneModes {
  readonly #log: Logger;
  readonly #modes: Mode[];
  readonly #ports: LaneModesPorts;
  #onAllDirect: () => void = () => undefined;
  /** Resolves once the events of all lanes have gone directly to the broker for the first time. */
  readonly whenAllDirect = new Promise<void>((resolve) => (this.#onAllDirect = resolve));
  /** What was reported last. */
  #mode: Mode | undefined;
  readonly #changesToReport = new Map<Cause, number[]>();

  constructor(log: Logger, lanes: number, ports: LaneModesPorts) {
    this.#log = log;
    this.#modes = Array.from({ length: lanes }, () => 'spool');
    this.#ports = ports;
  }

  lanesIn(mode: Mode): number {
    return this.#modes.filter((each) => each === mode).length;
  }

  onModeChange(lane: number, mode: Mode, cause: Cause | undefined): void {
    this.#modes[lane] = mode;
    if (cause === undefined) {
      if (this.lanesIn('spool') > 0) return;
      this.#log.info('events go directly to the broker');
      this.#onAllDirect();
      this.#reportMode('direct', undefined);
      return;
    }
    this.#reportMode('spool', cause);
    const lanes = this.#changesToReport.get(cause);
    if (lanes !== undefined) {
      lanes.push(lane);
      return;
    }
    this.#changesToReport.set(cause, [lane]);
    queueMicrotask(() => this.#report(cause));
  }

  #reportMode(mode: Mode, cause: Cause | undefined): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#ports.onModeChange?.(mode, cause);
  }

  #report(cause: Cause): void {
    const lanes = this.#changesToReport.get(cause) ?? [];
    this.#changesToReport.delete(cause);
    this.#ports.onSpoolBegun(cause);
    const fields = lanes.length === this.#modes.length ? { cause } : { cause, lanes: lanes.join(' ') };
    // Normal operation under load.
    if (cause === 'busy') this.#log.debug('events go to the spool', fields);
    else this.#log.warn('events go to the spool', fields);
  }
}
