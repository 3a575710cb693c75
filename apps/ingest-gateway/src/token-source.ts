import { ConfigurationError, type Environment, type Logger, WatchedFile } from '@pdaltagent/service';
import { MINIMUM_TOKEN_LENGTH, type ParsedTokens, Tokens } from './tokens';

const VARIABLE = 'PDAGENTD_INGEST_TOKENS';
const FILE_VARIABLE = `${VARIABLE}_FILE`;

export interface TokenSourceOptions {
  readonly tokens: string | undefined;
  /** Takes precedence: `tokens` is what it contained at start. */
  readonly file: string | undefined;
  readonly log: Logger;
  readonly environment?: Environment;
  readonly pollMs?: number;
}

/** The tokens that are currently valid. */
export interface TokenSource {
  current(): Tokens;
  start(): void;
  stop(): void;
}

/** The tokens of the setting, or of its file, which is reloaded when it changes. @throws ConfigurationError */
export function openTokens({ tokens, file, ...options }: TokenSourceOptions): TokenSource {
  if (file !== undefined) return openFile(file, options);
  const parsed = Tokens.parse(tokens ?? '');
  const problems = problemsOf(parsed, tokens !== undefined);
  if (problems.length > 0) throw new ConfigurationError(problems.map((problem) => `${VARIABLE}: ${problem}`));
  warnOfShort(parsed, options.log);
  return { current: () => parsed.tokens, start: () => undefined, stop: () => undefined };
}

function openFile(
  path: string,
  { log, environment = process.env, pollMs }: Omit<TokenSourceOptions, 'tokens' | 'file'>,
) {
  // An empty file means that no token is required, but emptying it by mistake must not let everybody in.
  let isRequired = false;
  const watched = WatchedFile.open<ParsedTokens>({
    path,
    variable: FILE_VARIABLE,
    environment,
    parse: (text) => {
      const parsed = Tokens.parse(text);
      const problems = problemsOf(parsed, isRequired || text.trim() !== '');
      return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'value', value: parsed };
    },
    describe: (parsed) => ({ names: parsed.tokens.names }),
    log,
    ...(pollMs === undefined ? {} : { pollMs }),
  });
  const loaded = (parsed: ParsedTokens): void => {
    isRequired = !parsed.tokens.isEmpty;
    warnOfShort(parsed, log);
  };
  loaded(watched.current());
  watched.onChange(loaded);
  return {
    current: () => watched.current().tokens,
    start: () => watched.start(),
    stop: () => watched.stop(),
  };
}

function problemsOf({ tokens, problems }: ParsedTokens, isRequired: boolean): readonly string[] {
  if (problems.length > 0 || !isRequired || !tokens.isEmpty) return problems;
  return ['is set but contains no token'];
}

function warnOfShort({ short }: ParsedTokens, log: Pick<Logger, 'warn'>): void {
  if (short.length === 0) return;
  log.warn(
    `${VARIABLE}: tokens of less than ${MINIMUM_TOKEN_LENGTH} characters can be guessed: the next release refuses to start with them`,
    { tokens: short },
  );
}
