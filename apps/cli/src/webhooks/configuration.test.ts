import { chooseDestinations } from './configuration';

const destination = (name: string) => ({
  name,
  format: 'v2' as const,
  url: 'https://a',
  endpointUrl: 'https://a',
  authorization: null,
  filter: {},
});
const [crm, chat] = [destination('crm'), destination('chat')];

describe('the destinations of a replay', () => {
  it('are those that are named', () => {
    expect(chooseDestinations([crm, chat], ['chat'])).toEqual([chat]);
  });

  it('are the only one there is if none is named', () => {
    expect(chooseDestinations([crm], undefined)).toEqual([crm]);
  });

  it.each([
    [['crm', 'chat'], undefined, /--destination: crm, chat$/],
    [['crm', 'chat'], ['nobody'], /^there is no destination nobody; .*: crm, chat$/],
  ])('of %j with --destination %j: the error lists the destinations', (names, given, message) => {
    const choose = () => chooseDestinations(names.map(destination), given);
    expect(choose).toThrow(message);
    expect(choose).toThrow(expect.objectContaining({ exitCode: 2 }) as Error);
  });
});
