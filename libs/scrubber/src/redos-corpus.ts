/** Length of a pathological text: the largest event that PagerDuty accepts. */
export const REDOS_LENGTH = 512 * 1024;

/** Pieces that are expensive for a detector when repeated: prefixes of what it looks for, and near misses. */
// prettier-ignore
export const REDOS_PIECES: readonly string[] = [
  'a', ' ', '(', '@', '%', '-', '"', '\\', '{{', '1', 'é', '１', ':', '://', 'a.', 'a@', '"@', 'a:', '1 ', '1,1,', '1.1.1.', '1-1-1-1-', '%41', '%F4%41',
  'a@a.co ', 'a@a.a.a.a.a.a.', 'a [at] b', 'a at b dot ', '+44 20 7946 0018 ', '+44 20 7946 ', 'tel 0161 496 0123 ', '1-234-567-8900 ',
  '4111 1111 1111 1112 ', '4111 1111 1111 1111 ', 'GB29NWBK60161331926818 ', '523-45-678 ', '12 Main St, ', '12 Aa Bb Cc Dd Ee, ', '12 Main St, A, A, A',
  'Hauptstraße ', 'Aaaa Bbbb straße ', '12 rue de la ', 'Calle Aa ', 'po box ', '1BoatSLRHtKNngkdXEeobR76b53LETtpyX ',
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5 ', '0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed ', '-----BEGIN ', '-----BEGIN PRIVATE KEY-----',
  'eyJaaaaaaaa.', 'eyJaaaaaaaa.eyJ', 'password=', 'password="', 'password is ', '--password ', 'token: ', 'api_key ', 'routing_key=', '/integration/',
  'pagerduty token ', 'a://b:c', 'http://a:b', 'authorization: ', 'bearer ', 'xoxb-1', 'AKIA', 'glpat-', '12345678:AA', 'aaa1Q~', '0123456789abcdef', 'a1-',
  'a://b:c@d/', 'http://a:b/@c:1 ', 'a:b@', 'authorization: digest a=b, ', 'authorization: a ', 'curl ', 'curl -u a:b ', 'curl -u "', 'mysql -px ', "'", '-p ',
  'echo a | ', 'net use /user:a ', "identified by 'x1y' ", "identified by '", 'enable secret no ', 'username a secret no ', 'snmp-server user a b v3 auth md5 x priv ',
  'createUser a MD5 b DES ', '/bot12345:', '&signature=', '&signature=a1', '\\u0026', "password='it''s ", 'Uid=a;Pwd=a b', 'password={', 'password=(', 'password=a\\ ',
  'password for a is ', 'password was set to ', '4111.1111.1111.1111 ', 'hooks.slack.com/services/', '{{EMAIL_ADDRESS}}', '{{EMAIL_ADDRESS}} 1 ', '&', '&#', '&amp;', '&#64;', '\\x40', '&#97;@a.co ', 'Aa ', '12345 Aa ', '12345678901234567890 ',
];

/** Repeats a piece up to a length. */
export function repeated(piece: string, length: number): string {
  return piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
}
