import { cleanEnvironment, workspaceRoot } from '@pdaltagent/testing';
import { execFile } from 'node:child_process';
import path from 'node:path';

/** The result of sending one event. */
export interface SendResult {
  accepted: boolean;
  /** Status code and body, or pd-send's output. */
  text: string;
  tookMs: number;
}

/** Posts a body to the gateway over HTTP. */
export async function sendOverHttp(url: string, body: string): Promise<SendResult> {
  const started = performance.now();
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const refusal = await response.text();
  const text = response.ok ? String(response.status) : `${response.status} ${refusal}`;
  return { accepted: response.ok, text, tookMs: performance.now() - started };
}

/** Runs the built pd-send against the gateway's HTTPS port, trusting its certificate. */
export function sendWithPdSend(gateway: { url: string; certificate: string }, args: string[]): Promise<SendResult> {
  const started = performance.now();
  const program = path.join(workspaceRoot(), 'dist', 'apps', 'pd-send', 'pd-send.js');
  const env = { ...cleanEnvironment(), PDSEND_EVENTS_BASE_URL: gateway.url, PDSEND_CA_FILE: gateway.certificate };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const text = (error === null ? stdout : `${stderr}${stdout}`).trim();
      resolve({ accepted: error === null, text, tookMs: performance.now() - started });
    });
  });
}
