type Fields = Readonly<Record<string, unknown>>;

/** What this library asks of a log. */
export interface Log {
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}
