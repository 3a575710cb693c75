import { reportDiscarded, reportReplay } from './outcome';

function outcomeOf(report: (terminal: { error: (text: string) => void }) => boolean) {
  let text = '';
  const isDone = report({ error: (part) => (text += part) });
  return { text, isDone };
}

it.each([
  [{ sent: 3, left: [], failure: undefined }, true, '3 of 3 dead letters sent again\n'],
  [{ sent: 2, left: [], failure: undefined }, false, '2 of 3 dead letters sent again\n'],
  [
    { sent: 3, left: ['m1'], failure: undefined },
    false,
    '3 of 3 dead letters sent again\n' +
      '1 of those sent not removed: discard them, another replay would send them twice\n',
  ],
  [
    { sent: 1, left: [], failure: 'no queue took the message' },
    false,
    'stopped after 1 of 3 dead letters; no letter is lost, the rest stays: no queue took the message\n',
  ],
])('a replay is done only if every letter was sent and is no longer there: %j', (outcome, isDone, text) => {
  expect(outcomeOf((terminal) => reportReplay(terminal, 3, outcome))).toEqual({ text, isDone });
});

it.each([
  [{ gone: 2, left: [] }, true, '2 dead letters discarded\n'],
  [{ gone: 1, left: ['m1'] }, false, '1 dead letter discarded\n1 not removed, still there: discard again\n'],
])('a discard is done only if nothing is left: %j', (discarded, isDone, text) => {
  expect(outcomeOf((terminal) => reportDiscarded(terminal, discarded))).toEqual({ text, isDone });
});
