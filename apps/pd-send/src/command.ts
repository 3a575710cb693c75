import { type AlertEvent } from '@pdaltagent/events';
import { type Syntax } from './option';
import { type ParsedArguments } from './parse';

/** A command that makes one event of its arguments and sends it. */
export interface Command<Name extends string = string> extends Syntax<Name> {
  readonly name: string;
  /** What it does, for the help: whole lines. */
  readonly description: string;
  /** What else is worth knowing, for the end of the help: whole lines. */
  readonly epilog: string;
  /**
   * The event that the arguments ask for. A trigger always has a key, so that a repeated attempt is one alert.
   * @param input reads all of the standard input
   * @throws UsageError, CommandError
   */
  compose(given: ParsedArguments<Name>, input: () => Promise<string>): AlertEvent | Promise<AlertEvent>;
  /** What is printed once the event was accepted; empty: nothing. */
  successOutput(event: AlertEvent, given: ParsedArguments<Name>): string;
}

/** Why a command cannot do its work, in one line; ends it with exit code 1. */
export class CommandError extends Error {}

/** What PagerDuty Agent's commands print on success. */
export function processedMessage({ dedup_key }: AlertEvent): string {
  return `Event processed. Incident Key: ${dedup_key}\n`;
}
