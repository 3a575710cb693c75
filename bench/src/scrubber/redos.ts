import { createScrubber } from '@pdaltagent/scrubber';
import { processorTime } from './processor-time';
import { report } from './report';

const LENGTH = 512 * 1024;

/** Texts that make a detector work hardest, repeated to half a megabyte, each with the detectors of one family. */
const REDOS: readonly (readonly [family: string, piece: string])[] = [
  ['email', 'a.a.a.'],
  ['email', '@'],
  ['email', '@@@@'],
  ['email', 'a@a.co '],
  ['email', 'a [at] b'],
  ['email', '%40'],
  ['phone', '1'],
  ['phone', '('],
  ['phone', '((((1'],
  ['phone', '0 (0'],
  ['phone', '+44 20 7946 '],
  ['phone', '+44 20 7946 0018 '],
  ['phone', 'tel 0161 496 0123 '],
  ['card', '4111 1111 1111 1111 '],
  ['card', '4111 1111 1111 1112 '],
  ['iban', 'GB29NWBK60161331926818 '],
  ['ssn', '523-45-678 '],
  ['ssn', '536-22-8726 '],
  ['national-id', '943 476 5918 '],
  ['national-id', 'nhs 943 476 5919 '],
  ['street-address', '12 Main St, '],
  ['street-address', '12 Main Street '],
  ['street-address', 'Hauptstraße 5 '],
  ['street-address', 'Am Aa 1, '],
  ['street-address', '1 '],
  ['po-box', 'po box 1 '],
  ['crypto', '1BoatSLRHtKNngkdXEeobR76b53LETtpyX '],
  ['crypto', '0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed '],
  ['secret', 'password='],
  ['secret', 'password=x1y2z3 '],
  ['secret', 'token: '],
  ['secret', 'authorization: '],
  ['secret', 'curl -u a:b '],
  ['secret', 'enable secret '],
  ['secret', "identified by 'x1y' "],
  ['secret', 'a'],
  ['secret', 'eyJaaaaaaaa.eyJ'],
  ['secret', '-----BEGIN PRIVATE KEY-----'],
  ['ip', '1.1.1.'],
  ['ipv6', 'a:'],
  ['mac', 'aa:aa:'],
  ['link', 'a.'],
  ['zip', '12345 '],
  ['price', '$1,1'],
  ['hex-color', '#fff'],
  ['core', ' '],
  ['core', 'an ordinary line of a log with 12 words in it. '],
];

export function timeRedos(): void {
  for (const [family, piece] of REDOS) {
    const text = piece.repeat(Math.ceil(LENGTH / piece.length));
    const some = createScrubber({ detectors: [family] });
    const milliseconds = processorTime(3, () => some.scrubText(text));
    const what = `512 KB of ${JSON.stringify(piece)} (${family})`;
    report(what, `${milliseconds.toFixed(0)} ms`, milliseconds < 100, 'under 100 ms');
  }
  const core = createScrubber();
  const solid = processorTime(3, () => core.scrubText('a'.repeat(1_000_000)));
  report('1 MB without a space (core)', `${solid.toFixed(0)} ms`, solid < 100, 'under 100 ms');
}
