import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { build } from 'esbuild';

/** Bundles a command as it ships, from its entry point in this folder, and resolves with the file. */
export async function buildCommand(name: string, folder: string): Promise<string> {
  const outfile = path.join(folder, `${name}.js`);
  const entryPoints = [path.join(__dirname, `${name}.ts`)];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', target: 'node20', format: 'cjs' });
  return outfile;
}

/** Concatenates pd-send.sh as it ships, and resolves with the file. */
export async function buildShellCommand(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(path.join(__dirname, '../package.json'), 'utf8')) as {
    concatenate: Record<string, string[]>;
  };
  const files = manifest.concatenate['pd-send.sh'] ?? [];
  const parts = await Promise.all(files.map((file) => readFile(path.join(__dirname, '..', file), 'utf8')));
  const outfile = path.join(folder, 'pd-send.sh');
  await writeFile(outfile, parts.join('\n').replaceAll('@VERSION@', 'development'));
  await chmod(outfile, 0o755);
  return outfile;
}

export interface Result {
  readonly code: number | string | undefined | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with exactly this environment. */
export function runProgram(
  [program = '', ...words]: readonly string[],
  environment: Readonly<Record<string, string>>,
  input = '',
): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(program, words, { env: environment }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/** Listens on a free port of the loopback interface. */
export async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export function close(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

/** A request as a server saw it. */
export interface SeenRequest {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Reply = readonly [status: number, body: unknown, headers?: Readonly<Record<string, string>>];

export const SUCCESS = { status: 'success', message: 'Event processed' };

/** A request handler that returns these responses in turn, then repeats the last one, and records the requests. */
export function respondWith(seen: SeenRequest[], ...responses: readonly Reply[]) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const [status, text, headers] = responses[Math.min(seen.length, responses.length - 1)] ?? [500, ''];
      seen.push({ url: request.url, headers: request.headers, body });
      response.writeHead(status, headers).end(typeof text === 'string' ? text : JSON.stringify(text));
    });
  };
}
