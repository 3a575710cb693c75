import { type Detector } from './detector';
import { assignedSecret } from './detectors/assigned-secret';
import { authorization } from './detectors/authorization';
import { base58Address } from './detectors/base58-address';
import { bech32Address } from './detectors/bech32-address';
import { card } from './detectors/card';
import { commandLineSecret } from './detectors/command-line-secret';
import { continentalAddress } from './detectors/continental-address';
import { deviceConfiguration } from './detectors/device-configuration';
import { email } from './detectors/email';
import { ethereumAddress } from './detectors/ethereum-address';
import { hexColor, price, zip } from './detectors/figures';
import { iban } from './detectors/iban';
import { ipv4, ipv6 } from './detectors/ip';
import { jwt } from './detectors/jwt';
import { keyedSecret } from './detectors/keyed-secret';
import { aadhaar } from './detectors/national/aadhaar';
import { ahv } from './detectors/national/ahv';
import { bsn } from './detectors/national/bsn';
import { codiceFiscale } from './detectors/national/codice-fiscale';
import { cpf } from './detectors/national/cpf';
import { dni } from './detectors/national/dni';
import { fodselsnummer } from './detectors/national/fodselsnummer';
import { frenchNir } from './detectors/national/french-nir';
import { germanTaxId } from './detectors/national/german-tax-id';
import { henkilotunnus } from './detectors/national/henkilotunnus';
import { itin } from './detectors/national/itin';
import { nhs } from './detectors/national/nhs';
import { nino } from './detectors/national/nino';
import { nric } from './detectors/national/nric';
import { personnummer } from './detectors/national/personnummer';
import { pesel } from './detectors/national/pesel';
import { rijksregister } from './detectors/national/rijksregister';
import { sin } from './detectors/national/sin';
import { tfn } from './detectors/national/tfn';
import { nationalPhone } from './detectors/national-phone';
import { link, mac } from './detectors/network';
import { pagerdutyKey } from './detectors/pagerduty-key';
import { person } from './detectors/person';
import { phone } from './detectors/phone';
import { poBox } from './detectors/po-box';
import { privateKey } from './detectors/private-key';
import { signedUrl } from './detectors/signed-url';
import { spelledEmail } from './detectors/spelled-email';
import { sqlPassword } from './detectors/sql-password';
import { ssn } from './detectors/ssn';
import { streetAddress } from './detectors/street-address';
import { urlCredentials } from './detectors/url-credentials';
import { chatTokens, cloudKeys, codeTokens, paymentAndMailTokens, serviceTokens } from './detectors/vendor-tokens';
import { webhookUrl } from './detectors/webhook-url';

/** Detectors that are selected together by one name. */
const GROUPS = {
  email: [email, spelledEmail],
  phone: [phone, nationalPhone],
  card: [card],
  iban: [iban],
  ssn: [ssn],
  // prettier-ignore
  'national-id': [
    nino, nhs, sin, itin, aadhaar, cpf, dni, codiceFiscale, bsn, personnummer, pesel, frenchNir, germanTaxId,
    tfn, nric, ahv, henkilotunnus, rijksregister, fodselsnummer,
  ],
  'street-address': [streetAddress, continentalAddress],
  'po-box': [poBox],
  crypto: [base58Address, bech32Address, ethereumAddress],
  // prettier-ignore
  secret: [
    privateKey, jwt, urlCredentials, authorization, pagerdutyKey, assignedSecret, keyedSecret, commandLineSecret,
    sqlPassword, deviceConfiguration, webhookUrl, signedUrl,
    cloudKeys, codeTokens, chatTokens, paymentAndMailTokens, serviceTokens,
  ],
  ip: [ipv4],
  ipv6: [ipv6],
  mac: [mac],
  link: [link],
  zip: [zip],
  price: [price],
  'hex-color': [hexColor],
  person: [person],
} satisfies Record<string, readonly Detector[]>;

/** Every detector, in the order in which they run. */
export const DETECTORS: readonly Detector[] = Object.values(GROUPS).flat();

/** What the first version of PDaltagent looked for. */
const SEED_GROUPS = [
  'email',
  'ip',
  'ipv6',
  'phone',
  'link',
  'price',
  'hex-color',
  'card',
  'crypto',
  'street-address',
  'zip',
  'po-box',
  'ssn',
];

const byGroup = (names: readonly string[]): readonly Detector[] =>
  Object.entries(GROUPS).flatMap(([name, detectors]): readonly Detector[] => (names.includes(name) ? detectors : []));

/** The detectors that each selectable name selects. */
const SELECTIONS: ReadonlyMap<string, readonly Detector[]> = new Map<string, readonly Detector[]>([
  ...DETECTORS.map((detector): [string, readonly Detector[]] => [detector.name, [detector]]),
  ...Object.entries(GROUPS),
  ['core', DETECTORS.filter((detector) => detector.optional !== true)],
  ['seed', byGroup(SEED_GROUPS)],
  ['all', DETECTORS],
]);

/** The names that select several detectors. */
export const setsAndGroups: readonly string[] = ['core', 'seed', 'all', ...Object.keys(GROUPS)];

/** Every selectable name: sets (`core`, `seed`, `all`), groups and single detectors. */
export const detectorNames: readonly string[] = [...SELECTIONS.keys()];

/** The detectors selected by a list of names, or the first unknown name. */
export function selectDetectors(names: readonly string[]): readonly Detector[] | { readonly unknown: string } {
  const unknown = names.find((name) => !SELECTIONS.has(name));
  if (unknown !== undefined) return { unknown };
  const chosen = new Set(names.flatMap((name) => SELECTIONS.get(name) ?? []));
  return DETECTORS.filter((detector) => chosen.has(detector));
}

/** Describes a detector for the operator. */
export interface DetectorDescription {
  readonly name: string;
  /** The group it is selected with. */
  readonly group: string;
  /** The name in the placeholder. */
  readonly kind: string;
  readonly inCore: boolean;
  /** An example of what it finds. */
  readonly example: string;
}

/** Every detector, in the order in which they run. */
export function describeDetectors(): readonly DetectorDescription[] {
  return Object.entries(GROUPS).flatMap(([group, detectors]: [string, readonly Detector[]]) =>
    detectors.map(({ name, kind, optional, examples }) => ({
      name,
      group,
      kind,
      inCore: optional !== true,
      example: examples.matches[0]?.found ?? '',
    })),
  );
}
