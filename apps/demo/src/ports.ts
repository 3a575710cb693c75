import { freePort, isPortFree } from '@pdaltagent/testing';

/** The port a newcomer expects, or a free one where that is taken; says so then. */
export async function choosePort(what: string, preferred: number, print: (text: string) => void): Promise<number> {
  if (await isPortFree(preferred)) return preferred;
  const port = await freePort();
  print(`port ${preferred} is taken: ${what} moves to ${port}`);
  return port;
}
