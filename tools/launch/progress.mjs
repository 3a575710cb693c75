// Progress of a long operation: on a terminal one line that is updated, otherwise an occasional line.
import { clearLine, cursorTo } from 'node:readline';

const EVERY_MS_ELSEWHERE = 10_000;

/**
 * Runs the work and shows its heading, the time elapsed, and `status()`.
 * @template T
 * @param {string} heading
 * @param {() => Promise<T>} work
 * @param {() => string} status
 * @returns {Promise<T>}
 */
export async function withProgress(heading, work, status = () => '') {
  const { stdout } = process;
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const line = () => `${heading} … ${seconds()} s${status() ? `, ${status()}` : ''}`;
  if (!stdout.isTTY) console.log(`${heading} …`);
  let shown = Date.now();
  const timer = setInterval(() => {
    if (stdout.isTTY) {
      cursorTo(stdout, 0);
      stdout.write(line().slice(0, (stdout.columns || 80) - 1));
      clearLine(stdout, 1);
    } else if (Date.now() - shown >= EVERY_MS_ELSEWHERE) {
      shown = Date.now();
      console.log(line());
    }
  }, 250);
  const end = (text) => {
    clearInterval(timer);
    if (stdout.isTTY) {
      cursorTo(stdout, 0);
      clearLine(stdout, 1);
    }
    console.log(text);
  };
  try {
    const result = await work();
    end(`${heading}: done in ${seconds()} s`);
    return result;
  } catch (error) {
    end(`${heading}: failed after ${seconds()} s`);
    throw error;
  }
}
