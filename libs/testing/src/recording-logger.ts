type Fields = Readonly<Record<string, unknown>>;
type Write = (message: string, fields?: Fields) => void;

export interface RecordedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Fields;
}

/** Has the methods of a service's logger. */
export interface RecordingLogger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  child(): RecordingLogger;
  close(): Promise<void>;
}

/** A logger that adds its lines to an array. */
export function recordingLogger(lines: RecordedLine[]): RecordingLogger {
  const at =
    (level: string): Write =>
    (message, fields = {}) =>
      void lines.push({ level, message, fields });
  const logger: RecordingLogger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
    close: () => Promise.resolve(),
  };
  return logger;
}
