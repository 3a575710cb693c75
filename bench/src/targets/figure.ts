/** A figure with a target: a line of the table. */
export interface Figure {
  readonly work: string;
  readonly ours: string;
  /** What it is compared to; empty if nothing. */
  readonly bare: string;
  /** Ours to bare; ours, if it is compared to nothing. */
  readonly value: number;
  readonly target: Target;
}

export type Target = { readonly atLeast: number } | { readonly atMost: number };

export function isMet({ value, target }: Figure): boolean {
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}

export function textOf(target: Target): string {
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}
