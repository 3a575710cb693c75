import { nationalId } from './national-id';

const DNI = /(?<![A-Za-z\d.-])(?:\d{8}|[XYZxyz][ -]?\d{7})[ -]?[A-Za-z](?![A-Za-z\d])/g;
const LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';

/** Spain, for citizens (DNI) and residents (NIE). */
export const dni = nationalId({
  name: 'dni',
  pattern: DNI,
  context: /(?<![a-z])(?:dni|nif|nie|documento|identidad)(?![a-z])/,
  isValid: (id) => {
    const compact = id.toUpperCase().replace(/[ -]/g, '');
    const number = Number(compact.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter))));
    return LETTERS[number % 23] === compact.at(-1);
  },
  matches: [
    { text: 'DNI 12345678Z caducado', found: '12345678Z' },
    { text: 'nie: X1234567L', found: 'X1234567L' },
  ],
  ignores: ['DNI 12345678A', 'lote 12345678Z'],
});
