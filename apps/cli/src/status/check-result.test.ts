import { formatResults } from './check-result';

const RESULTS = [
  { subject: 'broker', state: 'fine', detail: 'RabbitMQ 4.1' },
  { subject: 'redis', state: 'attention', detail: 'unreachable', advice: 'start Redis' },
] as const;

it('shows the states of --json, with advice on the next line', () => {
  expect(formatResults(RESULTS)).toBe(
    'broker  fine       RabbitMQ 4.1\nredis   ATTENTION  unreachable\n                   -> start Redis\n',
  );
});

it('is coloured on a terminal that supports it', () => {
  expect(formatResults(RESULTS, true)).toContain('\u001b[31mATTENTION\u001b[0m  unreachable');
});
