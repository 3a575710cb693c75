import { actionOf } from './event-action';

const bodyOf = (value: unknown) => Buffer.from(JSON.stringify(value));

it.each([
  ['v2', { event_action: 'Resolve ' }, 'resolve'],
  ['v1', { event_type: 'acknowledge' }, 'acknowledge'],
  ['x-ere', { event_action: 'trigger' }, 'trigger'],
  ['x-ere', { event_action: 7 }, '?'],
  ['x-ere', {}, '?'],
  ['integration', { event_action: 'trigger' }, '?'],
  ['change', {}, 'change'],
  ['webhook', { event: { event_type: 'incident.resolved' } }, 'incident.resolved'],
  ['webhook', { messages: [{ event: 'incident.resolve' }] }, 'incident.resolve'],
] as const)('the action of %s %j is %s', (type, body, action) => {
  expect(actionOf({ type, body: bodyOf(body) })).toBe(action);
});

it('is what the message states, without a look into its body, which older gateways leave to the worker', () => {
  expect(actionOf({ action: 'resolve', type: 'v2', body: Buffer.from('?') })).toBe('resolve');
  expect(actionOf({ type: 'v2', body: Buffer.from('?') })).toBe('?');
});

it('a vendor’s own action is unknown: only PagerDuty knows what an orchestration maps it to', () => {
  expect(actionOf({ type: 'x-ere', body: bodyOf({ event_action: 'closed by job 4711' }) })).toBe('?');
});
