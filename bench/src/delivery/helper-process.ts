import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';

/** A helper process that answers messages; it ends with this process. */
export class HelperProcess {
  readonly #process: ChildProcess;

  constructor(name: string, args: readonly string[]) {
    this.#process = fork(path.join(__dirname, 'delivery', `${name}.js`), args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Sends a message to the process, if given, and resolves with its next message. */
  ask(question?: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('a helper process exited'));
      this.#process.once('exit', ended);
      this.#process.once('message', (reply) => {
        this.#process.off('exit', ended);
        resolve(reply);
      });
      if (question !== undefined) this.#process.send(question);
    });
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#process.removeAllListeners('exit');
      this.#process.once('exit', () => resolve());
      this.#process.kill('SIGKILL');
    });
  }
}
