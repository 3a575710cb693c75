import { type FaultKind } from '../world/faults';
import { type CheckName } from '../world/oracle';

/** A fault that is put into the product, to prove that the simulation finds it. */
export interface Mutant {
  /** A seed that shows it. */
  readonly seed: number;
  /** The fault of a world without which it does not show, if there is one: other seeds are not run. */
  readonly shownBy?: FaultKind;
  /** The check that it then violates. */
  readonly check: CheckName;
  /** Of sources, while they are bundled. */
  readonly edits: readonly Edit[];
}

export interface Edit {
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
}
