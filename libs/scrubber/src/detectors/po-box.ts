import { type Detector, matchSpan, RANK, scanWith } from '../detector';

const PO_BOX =
  /(?<![\p{L}\d])(?:g?p\.? ?o\.? ?-?box|p\.o\.b\.?|pob|post(?:al)? ?(?:office)? box|postfach|bo[iî]te postale|apartado(?: de correos| postal)?|casilla(?: de correo)?|caixa postal|postbus|postboks|casella postale|skrytka pocztowa)(?: (?:no|nr|number|num)\.?)?[ :.]{0,2}#? ?(?:[a-z](?=\d)-?)?\d{1,4}(?:[ -]?\d{1,4}){0,2}(?:[a-z](?![\p{L}\d]))?(?!\d)/giu;

export const poBox: Detector = {
  name: 'po-box',
  kind: 'PO_BOX',
  rank: RANK.place,
  patterns: [PO_BOX],
  needs: (traits) => traits.digits > 0,
  scan: scanWith(PO_BOX, (match) => (/\d/.test(match[0]) ? matchSpan(match) : undefined)),
  examples: {
    matches: [
      { text: 'mail to P.O. Box 1204, returned', found: 'P.O. Box 1204' },
      { text: 'mail to po box #77', found: 'po box #77' },
      { text: 'Post Office Box 12 in', found: 'Post Office Box 12' },
      { text: 'to PO Box A12, Hobart', found: 'PO Box A12' },
      { text: 'invoice to POB 2281.', found: 'POB 2281' },
      { text: 'an Postfach 10 20 30.', found: 'Postfach 10 20 30' },
    ],
    ignores: ['box 12 is full', 'PO 12345 approved', 'mailbox 77', 'repo box 5'],
  },
};
