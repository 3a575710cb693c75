type Fields = Readonly<Record<string, unknown>>;

/** The logger that this library needs. */
export interface Log {
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}
