import { type Variables } from './configuration';

/** The text of `--help`: what the service does, and every variable with its default. */
export function helpOf(name: string, summary: string, variables: Variables): string {
  const rows = Object.values(variables).map(({ name: variable, fallback, help, aliases }) => ({
    left: variable,
    right:
      help +
      (fallback === undefined ? '' : ` (default: ${fallback})`) +
      (aliases.length === 0 ? '' : ` (also read: ${aliases.join(', ')})`),
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  const lines = rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`);
  return [
    `${name}: ${summary}`,
    '',
    'It takes no arguments; all settings are environment variables:',
    '',
    ...lines,
    '',
    'A value can be read from a file: set X_FILE instead of X. An empty value counts as unset.',
    '',
  ].join('\n');
}
