// The environment of what we start. The same rule in TypeScript, for the servers and apps: libs/testing, cleanEnvironment().
const SERVER_VARIABLES = /^(PDAGENTD_|PDSEND_|SIMULATOR_|RABBITMQ_|REDIS_|ERL_|CELERY_)/i;
const PROXY = /^(HTTPS?|ALL|NO|FTP)_PROXY$/i;

/** Ours without what names a server, a proxy or a token of the user's. */
export const cleanEnvironment = () => without(process.env, (name) => SERVER_VARIABLES.test(name) || PROXY.test(name));

/** As cleanEnvironment(), but with the proxy, which an installation may need to reach its registry. */
export const installEnvironment = () => without(process.env, (name) => SERVER_VARIABLES.test(name));

function without(environment, isDropped) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isDropped(name)));
}
