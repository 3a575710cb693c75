// Exits 0 while the service of this container answers on its admin port, whatever port that is.
const url = `http://127.0.0.1:${process.env.PDAGENTD_ADMIN_PORT ?? process.env.SIMULATOR_PORT}/healthz`;
const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) }).catch((error) => {
  console.error(`${url}: ${error.cause?.message ?? error.message}`);
});
process.exit(answer?.ok ? 0 : 1);
