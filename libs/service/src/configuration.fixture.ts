import { ConfigurationError, readConfiguration } from './configuration';

/** The problems of a configuration; none if it is valid. */
export function problemsIn(
  variables: Parameters<typeof readConfiguration>[0],
  environment: Readonly<Record<string, string>>,
): readonly string[] {
  try {
    readConfiguration(variables, environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}
