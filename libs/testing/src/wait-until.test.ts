import { waitUntil } from './wait-until';

describe('waitUntil', () => {
  it('resolves with the first result that is not false, null or undefined', async () => {
    const results = [false, null, undefined, 0];
    await expect(waitUntil(() => results.shift(), { what: 'a response', intervalMs: 1 })).resolves.toBe(0);
  });

  it('reports what it waited for and the last error after the timeout', async () => {
    const condition = (): boolean => {
      throw new Error('refused');
    };
    await expect(waitUntil(condition, { what: 'the port to open', timeoutMs: 20, intervalMs: 5 })).rejects.toThrow(
      'waited 0.02 s for the port to open: refused',
    );
  });
});
