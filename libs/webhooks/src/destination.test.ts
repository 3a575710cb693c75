import { parseDestinations } from './destination';

describe('destinations', () => {
  it('have the same names in every process', () => {
    const list = 'https://a.example/hook, http://b.example:8080/x';
    expect(parseDestinations(list)).toEqual(parseDestinations(list));
    expect(parseDestinations(list)?.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^a\.example-[0-9a-f]{8}$/),
      expect.stringMatching(/^b\.example:8080-[0-9a-f]{8}$/),
    ]);
  });

  it('keep their names when the password changes, and contain secrets in url and authorization only', () => {
    const [before] = parseDestinations('https://user:old%21@a.example/hook?token=s3cret') ?? [];
    const [after] = parseDestinations('https://user:new@a.example/hook?token=s3cret') ?? [];
    expect(before?.name).toBe(after?.name);
    expect(before).toEqual({
      name: expect.stringMatching(/^a\.example-[0-9a-f]{8}$/) as string,
      url: 'https://a.example/hook?token=s3cret',
      endpointUrl: 'https://a.example/hook',
      authorization: `Basic ${Buffer.from('user:old!').toString('base64')}`,
      format: 'v2',
      filter: {},
    });
  });

  it('are distinct if their URLs differ in the path', () => {
    const names = parseDestinations('https://a.example/1,https://a.example/2')?.map(({ name }) => name);
    expect(new Set(names).size).toBe(2);
  });

  it('are rejected if one is not an http URL or is listed twice', () => {
    for (const list of [
      'a.example',
      'ftp://a.example',
      'http://a.example,nonsense',
      'http://a.example,http://a.example/',
    ]) {
      expect(parseDestinations(list)).toBeUndefined();
    }
  });

  it('ignore empty elements of the list', () => {
    expect(parseDestinations(' ,http://a.example, ')).toHaveLength(1);
  });
});
