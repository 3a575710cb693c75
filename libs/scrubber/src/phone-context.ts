import { type Span } from './detector';

/** Words that say a telephone number follows, with up to a few words and no digit in between. */
export const PHONE_WORD =
  /(?<![a-z])(?:phones?|telephone|tel|mobile|cell|cellphone|fax|sms|mms|msisdn|whatsapp|signal|imessage|handy|telefon|telefono|téléphone|portable|call|called|caller|calling|callback|dial|dialed|dialled|dialing|contact|pager|paged|hotline|voicemail|rang|ring|ringing|reach|reached|reachable|paging|ivr|dialer|dialler|landline|line|switchboard|helpline|subscriber|recipient|emergency|on ?call|rufnummer|anruf|anrufer|n[uú]mero|num[eé]ro|appel|appeler|telefoonnummer|bellen|tlf|celular|m[oó]vil|texted|twilio|vonage|two factor code|verification code|otp)(?![a-z])[^\d]{0,28}$/;
/** Words after which even digits in a row are a telephone number. */
export const PHONE_LABEL =
  /(?<![a-z])(?:phone|telephone|tel|mobile|cell|cellphone|fax|sms|msisdn|whatsapp|handy|telefon|telefono|callback)(?: (?:number|no|nr|num|to|sent to|for|nummer))?\.?["'\\]{0,2} ?[:=#]? ?["'\\]{0,2}\(?$/;
/** What is said of a telephone number right behind it. */
export const CALL_OUTCOME =
  /^["')\]]{0,2}[,;:]? ?(?:(?:did|does|do) not (?:pick|answer|respond)|didn't (?:pick|answer)|(?:is|was|are) (?:unreachable|not reachable|busy|unavailable|switched off)|unreachable|no answer|not answering|opted out|hung up|roaming|voicemail|answered|picked up|ext\b)/;
/** Words that make digits something else than a telephone number. */
export const OTHER_NUMBER =
  /(?<![a-z])(?:sku|part|serial|model|order|invoice|item|(?<!caller )ids?|uuid|build|version|release|firmware|ticket|case|account|batch|job|queue|port|pid|offset|code|error|epoch|ts|timestamp|isbn|oid|commit|zip|v|policy|rfc|tracking|lot|asn|bytes|txn|transaction)(?: (?:number|no|id|is))?[ .:=#"']{0,4}$/;
/** A unit after digits: they count something. */
export const UNIT =
  /^ ?(?:ms|µs|us|ns|s|sec|seconds?|minutes?|bytes?|[kmgt]i?b|%|requests?|times|messages?|rows?|records?|users?|errors?|events?|attempts|items|ops|deep|per)(?![a-z\d])/;

const EXTENSION = /[ ,;]{0,2}(?:extension|ext|extn|x|#)\.? ?[:=]? ?\d{1,7}(?!\w)/iy;

/** Takes an extension behind a number into its span; with it, the kind is another. */
export function withExtension(text: string, span: Span): Span {
  EXTENSION.lastIndex = span.end;
  const match = EXTENSION.exec(text);
  return match === null ? span : { start: span.start, end: span.end + match[0].length, kind: 'PHONE_WITH_EXT' };
}
