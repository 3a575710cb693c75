import { answerOf } from './answer';

const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';

const errorOf = (...errors: unknown[]): string =>
  JSON.stringify({ status: 'invalid event', message: 'Event object is invalid', errors });

it('says what PagerDuty found wrong with which member', () => {
  const errors = [
    "'payload.severity' is invalid",
    "Length of 'routing_key' is incorrect",
    "'links[0].href' is missing",
  ];
  expect(answerOf(errorOf(...errors), KEY)).toBe(`Event object is invalid: ${errors.join('; ')}`);
});

it.each([
  ["'summary' is invalid: 'Jane Doe fell'", "'summary' is invalid: '…'"],
  ['can\'t read "Jane Doe\'s disk"', 'can\'t read "…"'],
  ['unexpected token at \'{"customer":"Jane', "unexpected token at '…'"],
  ["'R0123456789ABCDEFGHIJKLMNOPQd1a6' is not a routing key", "'…' is not a routing key"],
  ['R0123456789ABCDEFGHIJKLMNOPQd1a6 is not a routing key', '…d1a6 is not a routing key'],
])('shows of %s neither what was sent nor a routing key', (error, shown) => {
  expect(answerOf(errorOf(error), KEY)).toBe(`Event object is invalid: ${shown}`);
});

it('shows no routing key of another form than PagerDuty’s', () => {
  expect(answerOf(errorOf('no such key: a-key-of-another-form'), 'a-key-of-another-form')).not.toContain('another');
});

it.each([
  ['a page of a proxy', '<html>you sent: {"routing_key":"x"}</html>'],
  ['another object', '{"error":"you sent: Jane Doe"}'],
  ['what was cut', errorOf('x').slice(0, -5)],
  ['nothing', ''],
])('of %s nothing is said', (_what, response) => {
  expect(answerOf(response, KEY)).toBeUndefined();
});

it('has at most 300 characters', () => {
  expect([...(answerOf(errorOf('🔥'.repeat(400)), KEY) ?? '')]).toHaveLength(300);
});

it('is understood although a member is not what it should be', () => {
  expect(answerOf(errorOf(7, null, 'x'), KEY)).toBe('Event object is invalid: x');
});
