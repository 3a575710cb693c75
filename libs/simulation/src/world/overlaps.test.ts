import { Overlaps } from './overlaps';

it('what several faults change is as the last one says, and normal only once all have ended', () => {
  const overlaps = new Overlaps();
  let mode: string | undefined;
  const apply = (value: string | undefined): void => void (mode = value);
  const endSlow = overlaps.begin('disk', 'slow', apply);
  const endFull = overlaps.begin('disk', 'full', apply);
  expect(mode).toBe('full');
  endSlow();
  expect(mode).toBe('full');
  const endFullAgain = overlaps.begin('disk', 'full', apply);
  endFull();
  expect(mode).toBe('full');
  endFullAgain();
  expect(mode).toBeUndefined();
});

it('the one that began before continues if the last one ends first', () => {
  const overlaps = new Overlaps();
  let mode: string | undefined;
  const apply = (value: string | undefined): void => void (mode = value);
  overlaps.begin('disk', 'slow', apply);
  const endFull = overlaps.begin('disk', 'full', apply);
  overlaps.begin('another disk', 'failing', () => undefined);
  endFull();
  expect(mode).toBe('slow');
});
