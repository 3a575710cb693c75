type Fields = Readonly<Record<string, unknown>>;

/** What this library asks of a log. */
export interface Log {
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
}
