import { checkWorker } from './worker';

it('does not print the password in the URL of a worker', async () => {
  const asked: string[] = [];
  const result = await checkWorker((url) => {
    asked.push(url);
    return Promise.resolve({ kind: 'fault', fault: 'refused', detail: '' });
  }, 'http://me:s3cret@localhost:8091/');
  expect(asked).toEqual(['http://me:s3cret@localhost:8091/metrics']);
  expect(result).toMatchObject({
    state: 'attention',
    detail: 'http://me:…@localhost:8091/ cannot be queried: refused',
  });
});
