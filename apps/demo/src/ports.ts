import { freePort, isPortFree } from '@pdaltagent/testing';

/** The preferred port, or, if it is in use, a free one, which is reported. */
export async function choosePort(what: string, preferred: number, print: (text: string) => void): Promise<number> {
  if (await isPortFree(preferred)) return preferred;
  const port = await freePort();
  print(`port ${preferred} is in use: ${what} uses ${port} instead`);
  return port;
}
