// The environment of child processes. libs/testing, cleanEnvironment(), has the same rule for servers and apps.
const SERVER_VARIABLES = /^(PDAGENTD_|PDSEND_|SIMULATOR_|RABBITMQ_|REDIS_|ERL_|CELERY_)/i;
const PROXY = /^(HTTPS?|ALL|NO|FTP)_PROXY$/i;

/** The environment without the user's servers, proxies and tokens. */
export const cleanEnvironment = () => without(process.env, (name) => SERVER_VARIABLES.test(name) || PROXY.test(name));

/** As cleanEnvironment(), but with the proxy, which npm may need to reach its registry. */
export const installEnvironment = () => without(process.env, (name) => SERVER_VARIABLES.test(name));

function without(environment, isDropped) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isDropped(name)));
}
