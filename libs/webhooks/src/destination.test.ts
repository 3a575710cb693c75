import { parseDestinations } from './destination';

describe('destinations', () => {
  it('are named alike in every process', () => {
    const list = 'https://a.example/hook, http://b.example:8080/x';
    expect(parseDestinations(list)).toEqual(parseDestinations(list));
    expect(parseDestinations(list)?.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^a\.example-[0-9a-f]{8}$/),
      expect.stringMatching(/^b\.example:8080-[0-9a-f]{8}$/),
    ]);
  });

  it('keep their name when the password changes, and show no secret but in url and authorization', () => {
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

  it('are two where two URLs differ by their path', () => {
    const names = parseDestinations('https://a.example/1,https://a.example/2')?.map(({ name }) => name);
    expect(new Set(names).size).toBe(2);
  });

  it('are refused where one is no http URL or stands twice', () => {
    for (const list of [
      'a.example',
      'ftp://a.example',
      'http://a.example,nonsense',
      'http://a.example,http://a.example/',
    ]) {
      expect(parseDestinations(list)).toBeUndefined();
    }
  });

  it('ignore empty places in the list', () => {
    expect(parseDestinations(' ,http://a.example, ')).toHaveLength(1);
  });
});
