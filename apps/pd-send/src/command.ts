import { type AlertEvent } from '@pdaltagent/events';
import { type Syntax } from './option';
import { type ParsedArguments } from './parse';

/** A command that builds one event from its arguments and sends it. */
export interface Command<Name extends string = string> extends Syntax<Name> {
  readonly name: string;
  /** First paragraph of the help; complete lines. */
  readonly description: string;
  /** End of the help; complete lines. */
  readonly epilog: string;
  /**
   * Builds the event. A trigger always has a key, so that a retry does not open a second alert.
   * @param input reads standard input to its end
   * @throws UsageError, CommandError
   */
  compose(given: ParsedArguments<Name>, input: () => Promise<string>): AlertEvent | Promise<AlertEvent>;
  /** Text printed if the event was accepted; may be empty. */
  successOutput(event: AlertEvent, given: ParsedArguments<Name>): string;
}

/** A failure, as one line; the command exits with 1. */
export class CommandError extends Error {}

/** What PagerDuty Agent's commands print on success. */
export function processedMessage({ dedup_key }: AlertEvent): string {
  return `Event processed. Incident Key: ${dedup_key}\n`;
}
