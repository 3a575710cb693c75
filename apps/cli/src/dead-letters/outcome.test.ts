import { reportDiscarded, reportReplay } from './outcome';

function outcomeOf(report: (terminal: { error: (text: string) => void }) => boolean) {
  let text = '';
  const isDone = report({ error: (part) => (text += part) });
  return { text, isDone };
}

it.each([
  [{ sent: 3, left: [], unchecked: undefined, failure: undefined }, true, '3 of 3 dead letters replayed\n'],
  [{ sent: 2, left: [], unchecked: undefined, failure: undefined }, false, '2 of 3 dead letters replayed\n'],
  [
    { sent: 3, left: ['m1'], unchecked: undefined, failure: undefined },
    false,
    '3 of 3 dead letters replayed\n' +
      '1 of those sent could not be removed: discard them, another replay would send them twice\n',
  ],
  [
    { sent: 1, left: [], unchecked: undefined, failure: 'the message could not be routed to a queue' },
    false,
    'stopped after 1 of 3 dead letters; none is lost, those that were not sent are still dead letters: the message could not be routed to a queue\n',
  ],
  [
    { sent: 3, left: [], unchecked: 'the broker is unreachable', failure: undefined },
    false,
    '3 of 3 dead letters replayed\n' +
      'those sent may still be dead letters: list them before another replay, which would send them twice: the broker is unreachable\n',
  ],
  [
    { sent: 2, left: [], unchecked: 'the broker is unreachable', failure: 'the connection was closed' },
    false,
    'stopped after 2 of 3 dead letters; none is lost, those that were not sent are still dead letters: the connection was closed\n' +
      'those sent may still be dead letters: list them before another replay, which would send them twice: the broker is unreachable\n',
  ],
])('a replay is complete only if every dead letter was sent and removed: %j', (outcome, isDone, text) => {
  expect(outcomeOf((terminal) => reportReplay(terminal, 3, outcome))).toEqual({ text, isDone });
});

it.each([
  [{ discarded: 2, left: [], failure: undefined }, true, '2 dead letters discarded\n'],
  [
    { discarded: 2, left: [], failure: 'the broker is unreachable: the connection was closed' },
    false,
    'stopped after 2 dead letters; list the others, of which some may have been discarded: the broker is unreachable: the connection was closed\n',
  ],
  [
    { discarded: 1, left: ['m1'], failure: undefined },
    false,
    '1 dead letter discarded\n1 could not be removed: discard again\n',
  ],
])('a discard is complete only if nothing is left: %j', (discarded, isDone, text) => {
  expect(outcomeOf((terminal) => reportDiscarded(terminal, discarded))).toEqual({ text, isDone });
});
