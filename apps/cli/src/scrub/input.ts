import { createReadStream } from 'node:fs';
import { CliError, type Terminal } from '../terminal';

const LINE_FEED = 0x0a;

/** Streams the bytes of a file or of standard input. @throws CliError if it cannot be read */
export async function* bytesOf(file: string | undefined, terminal: Terminal): AsyncGenerator<Uint8Array> {
  if (file === undefined || file === '-') {
    yield* terminal.input;
    return;
  }
  let problem = '';
  const stream = createReadStream(file).on('error', ({ message }) => (problem = message));
  try {
    for await (const chunk of stream) yield Buffer.from(chunk as Uint8Array);
  } catch {
    throw new CliError(`cannot read ${file}: ${problem}`);
  }
}

/** The lines of a stream, without line ends. Only a line feed ends a line: JSON may contain a literal U+2028. */
export async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pieces: Uint8Array[] = [];
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      pieces.push(chunk.subarray(start, end));
      yield Buffer.concat(pieces).toString();
      pieces = [];
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
  }
  if (pieces.length > 0) yield Buffer.concat(pieces).toString();
}
