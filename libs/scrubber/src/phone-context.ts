import { type Span } from './detector';

/** Words that introduce a telephone number, with a few words and no digit in between. */
export const PHONE_WORD =
  /(?<![a-z])(?:phones?|telephone|t[ée]l|mobile|mobil(?:nummer|funk|telefon)?|handy(?:nummer|nr)|tele[fp]\p{L}{2,12}|t[ée]l[ée]phone|cellphone|fax|sms|mms|msisdn|whatsapp|imessage|call|called|caller|calling|callback|dial|dialed|dialled|dialing|contact|pager|paged|hotline|voicemail|reach(?:ed|able)? (?:on|at|under)|rang|ringing|paging|ivr|dialer|dialler|landline|switchboard|helpline|(?:not)?rufnummer|notfallnummer|contactez|notruf|anruf|anrufer|n[uú]mero|num[eé]ro|appel|appeler|bellen|bel|tlf|celular|cellulare|telem[oó]vel|mobiel|gsm|natel|puhelin|matkapuhelin|r[uü]ckruf|rappel(?:er)?|m[oó]vil|m[oó]bil|llamar|llame|contacto|joindre|joignable|chiamare|chiamata|ligar|ringa|dzwoni[cć]|texted|twilio|vonage|two factor code|verification code|otp)(?![a-z])[^\d]{0,28}$|(?:電話|电话|手机|携帯|전화|телефон|тел)[^\d]{0,8}$/u;
/** Words that often precede a telephone number, but other things too: only with a number that begins like one. */
export const WEAK_PHONE_WORD =
  /(?<![a-z])(?:cell|signal|handy|portable|ring|reach|reached|reachable|line|subscriber|recipient|emergency|on ?call|desk|home|office|work)(?![a-z])[^\d]{0,28}$/;
/** Words after which even digits without separators are a telephone number. */
export const PHONE_LABEL =
  /(?<![a-z])(?:phone|telephone|t[ée]l|mobile|cell|cellphone|fax|sms|msisdn|whatsapp|handy|handynummer|mobil|mobilnummer|rufnummer|telefon|telefonnummer|telefono|teléfono|telefone|téléphone|telefoon|celular|m[oó]vil|callback)(?: (?:number|no|nr|num|to|sent to|for|nummer))?\.?["'\\]{0,2} ?[:=#]? ?["'\\]{0,2}\(?$/;
/** What is said of a telephone number directly after it. */
export const CALL_OUTCOME =
  /^["')\]]{0,2}[,;:]? ?(?:(?:did|does|do) not (?:pick|answer|respond)|didn't (?:pick|answer)|(?:is|was|are) (?:unreachable|not reachable|busy|unavailable|switched off)|unreachable|no answer|not answering|opted out|hung up|roaming|voicemail|answered|picked up|ext\b)/;
/** Words that identify digits as something other than a telephone number. */
export const OTHER_NUMBER =
  /(?<![a-z])(?:sku|part|serial|model|order|invoice|item|(?<!caller )ids?|uuid|build|version|release|firmware|ticket|case|account|batch|job|queue|port|pid|offset|code|error|epoch|ts|timestamp|isbn|oid|commit|zip|v|policy|rfc|tracking|lot|asn|nhs|nino|sin|itin|npi|bytes|txn|transaction)(?: (?:number|no|id|is))?[ .:=#"']{0,4}$/;
/** A unit after digits, which then are a quantity. */
export const UNIT =
  /^ ?(?:ms|µs|us|ns|s|sec|seconds?|minutes?|bytes?|[kmgt]i?b|%|requests?|times|messages?|rows?|records?|users?|errors?|events?|attempts|items|ops|deep|per|exceed(?:s|ed)?)(?![a-z\d])/;

/** Cuts a remark in brackets after at least seven digits. */
export function stripRemark(candidate: string): string {
  if (!candidate.includes(' (')) return candidate;
  const bracket = candidate.lastIndexOf(' (');
  return bracket > 0 && candidate.slice(0, bracket).replace(/\D/g, '').length >= 7
    ? candidate.slice(0, bracket)
    : candidate;
}

const EXTENSION = /[ ,;]{0,2}(?:extension|ext|extn|x|#)\.? ?[:=]? ?\d{1,7}(?!\w)/iy;

/** Extends a span by the extension after the number, which changes its kind. */
export function withExtension(text: string, span: Span): Span {
  EXTENSION.lastIndex = span.end;
  const match = EXTENSION.exec(text);
  return match === null ? span : { start: span.start, end: span.end + match[0].length, kind: 'PHONE_WITH_EXT' };
}
