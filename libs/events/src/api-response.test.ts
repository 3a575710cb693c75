import { eventProcessed, eventTooLarge, invalidEvent, throttled, unrecognizedObject } from './index';

describe('responses', () => {
  it('are those of PagerDuty for an accepted event', () => {
    expect(eventProcessed('v2', 'k')).toEqual({
      status: 202,
      body: { status: 'success', message: 'Event processed', dedup_key: 'k' },
    });
    expect(eventProcessed('v1', 'k')).toEqual({
      status: 200,
      body: { status: 'success', message: 'Event processed', incident_key: 'k' },
    });
    expect(eventProcessed('integration')).toEqual({
      status: 202,
      body: { status: 'success', message: 'Event processed' },
    });
    expect(eventProcessed('v2', 'k', ['w']).body.warnings).toEqual(['w']);
  });

  it('are those of PagerDuty for a rejected event', () => {
    expect(invalidEvent(['e'])).toEqual({
      status: 400,
      body: { status: 'invalid event', message: 'Event object is invalid', errors: ['e'] },
    });
    expect(unrecognizedObject()).toEqual({
      status: 400,
      body: {
        status: 'Unrecognized object',
        message: 'Event object format is unrecognized',
        errors: ['JSON parse error'],
      },
    });
    expect(eventTooLarge().status).toBe(413);
    expect(throttled('v2').status).toBe(429);
    expect(throttled('v1').status).toBe(403);
  });
});
