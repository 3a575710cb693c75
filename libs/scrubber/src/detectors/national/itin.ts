import { nationalId } from './national-id';

/** United States: area 900 to 999 and the groups that the IRS uses. */
const ITIN = /(?<![\w.+-])9\d{2}([ -]?)(?:5\d|6[0-5]|7\d|8[0-8]|9[0-2]|9[4-9])\1\d{4}(?!\w|[-.]\d)/g;

export const itin = nationalId({
  name: 'itin',
  pattern: ITIN,
  context: /(?<![a-z])(?:itins?|individual tax|tax ?payer|tax ?(?:id|number|no)|tin|irs|w 7|ssn|1040)(?![a-z])/,
  isValid: () => true,
  matches: [
    { text: 'tax id (ITIN) 911-70-1234', found: '911-70-1234' },
    { text: 'ITIN 911 70 1234', found: '911 70 1234' },
  ],
  ignores: ['ITIN 911-49-1234', 'part 911-70-1234', 'itinerary 911701234'],
});
