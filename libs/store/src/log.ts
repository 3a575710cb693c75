type Fields = Readonly<Record<string, unknown>>;

/** The logger that this library needs. */
export interface Log {
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
}
