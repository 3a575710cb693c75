import { deliveryIdOf, eventIdOf, messageIdOf, resourceIdOf } from './identity';

describe('ids of webhooks', () => {
  it('never change between versions: receivers recognize repeats by them', () => {
    expect(messageIdOf('R2AAAAAAAAAAAAAAAAAAAAAAAA')).toMatchInlineSnapshot(`"5a215a5e-cf21-50f5-8985-4ea8bec8d6c4"`);
    expect(deliveryIdOf('R2AAAAAAAAAAAAAAAAAAAAAAAA', 'a.example-00000000')).toMatchInlineSnapshot(
      `"d136b24a-b19c-5378-ab56-e1c8f052ea96"`,
    );
    expect(eventIdOf('R2AAAAAAAAAAAAAAAAAAAAAAAA', Date.UTC(2026, 2, 1))).toMatchInlineSnapshot(
      `"01KJKB3Q0066BX9FN2BCACNDZ7"`,
    );
  });

  it('differ between the destinations of one webhook', () => {
    expect(deliveryIdOf('R1', 'a')).not.toBe(deliveryIdOf('R1', 'b'));
  });

  it('have 26 characters and sort by time in v3', () => {
    expect(eventIdOf('R1', 1000)).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(eventIdOf('ZZ', 1000) < eventIdOf('AA', 2000)).toBe(true);
    expect(eventIdOf('R1', null)).toHaveLength(26);
  });

  it('look like PagerDuty ids for resources that PagerDuty has none for', () => {
    expect(resourceIdOf('anything')).toMatch(/^P[0-9A-Z]{6}$/);
  });
});
