/** Variables that could point a process to the user's servers. */
const SERVER_VARIABLES = /^(PDAGENTD_|PDSEND_|SIMULATOR_|RABBITMQ_|REDIS_|ERL_|CELERY_|(HTTPS?|ALL|NO|FTP)_PROXY$)/i;

/**
 * The environment for processes started by the demo or a test: the given one without variables that name a server, a proxy
 * or a token, so that nothing can reach the user's production systems.
 */
export function cleanEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !SERVER_VARIABLES.test(name)));
}
