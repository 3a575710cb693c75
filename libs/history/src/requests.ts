import { type FactBatch } from '@pdaltagent/journal';
import {
  type Accounts,
  type Activity,
  type ActivityOptions,
  type Counts,
  type CountsOptions,
  type FoundMessage,
  type HoleReason,
  type MessageWithFacts,
  type Missing,
  type Page,
  type SearchOptions,
  type Window,
} from './answers';
import { type Position } from './meta';
import { type RetentionLimits } from './retention';

/** What the index knows of itself. */
export interface IndexStatus {
  /** Another process writes the index: this one only reads. */
  readonly isWriter: boolean;
  readonly position: Position | undefined;
  readonly startsAt: number | undefined;
  /** A damaged file was put aside, and the index is built again. */
  readonly wasDamaged: boolean;
}

/** What the thread does, by name: its argument and its answer. */
export interface Requests {
  open: [argument: { readonly folder: string }, answer: IndexStatus];
  status: [argument: undefined, answer: IndexStatus];
  write: [argument: { readonly batches: readonly FactBatch[]; readonly oldest: number }, answer: IndexStatus];
  addHole: [argument: { readonly reason: HoleReason; readonly since: number; readonly until: number }, answer: void];
  removeOld: [argument: { readonly limits: RetentionLimits; readonly now: number }, answer: boolean];
  search: [argument: SearchOptions, answer: Page<FoundMessage>];
  message: [argument: string, answer: MessageWithFacts | undefined];
  counts: [argument: CountsOptions, answer: readonly Counts[]];
  accounts: [argument: Window, answer: Accounts];
  activity: [argument: ActivityOptions, answer: Page<Activity>];
  missing: [argument: undefined, answer: Missing];
  close: [argument: undefined, answer: void];
}

export type RequestName = keyof Requests;

export interface Request<Name extends RequestName = RequestName> {
  readonly number: number;
  readonly name: Name;
  readonly argument: Requests[Name][0];
}

export type Response =
  { readonly number: number; readonly answer: unknown } | { readonly number: number; readonly problem: string };
