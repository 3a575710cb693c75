import { type Logger } from '@pdaltagent/service';

/** A logger that records its messages. */
export class RecordingLog implements Logger {
  readonly lines: string[] = [];
  readonly debug = (): void => undefined;
  readonly info = (message: string): void => void this.lines.push(message);
  readonly warn = (message: string): void => void this.lines.push(message);
  readonly error = (message: string): void => void this.lines.push(message);
  readonly child = (): Logger => this;
  readonly close = (): Promise<void> => Promise.resolve();
}
