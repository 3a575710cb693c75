// What a person sees while something takes its time: one line that changes on a terminal, a line now and then elsewhere.
import { clearLine, cursorTo } from 'node:readline';

const EVERY_MS_ELSEWHERE = 10_000;

/**
 * Runs the work under a heading that shows how long it has taken and what `status()` says of it.
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
