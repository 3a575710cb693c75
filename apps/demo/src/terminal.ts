/** Printed first and last by the demo and the check. */
export const BANNER = 'DEMO: nothing reaches PagerDuty';

const isColourful = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const styled =
  (code: number) =>
  (text: string): string =>
    isColourful ? `\u001b[${code}m${text}\u001b[0m` : text;

export const bold = styled(1);
export const dim = styled(2);
export const red = styled(31);
export const green = styled(32);

export function print(text: string): void {
  console.log(text);
}

export function warn(text: string): void {
  console.log(red(text));
}
