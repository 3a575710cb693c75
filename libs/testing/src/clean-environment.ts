/** Variables that could lead a process to servers which are not its own. */
const SERVER_VARIABLES = /^(PDAGENTD_|PDSEND_|SIMULATOR_|RABBITMQ_|REDIS_|ERL_|CELERY_|(HTTPS?|ALL|NO|FTP)_PROXY$)/i;

/**
 * The environment for everything that a demo or a test starts: the given one without any variable that names a server, a
 * proxy or a token. Whatever the shell of a user knows of production stays out of it.
 */
export function cleanEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !SERVER_VARIABLES.test(name)));
}
