import { type Detector, RANK, scanWith, valueSpan } from '../detector';

/** Other arguments. */
const REST = '[^\\r\\n]{0,80}';

/** Commands that take a password as an argument, up to where it begins. */
const COMMANDS = [
  // curl -u user:password
  `curl ${REST}(?:-u|--user)[ =]["']?[\\w.@+-]{1,64}:`,
  // mysql -psecret: without a blank
  `(?:mysql|mariadb)(?:-?(?:dump|admin|import|check|show))? (?:${REST} )?-p`,
  `sshpass (?:${REST} )?-p ?["']?`,
  `docker login ${REST}(?:-p|--password)[ =]`,
  `redis-cli (?:${REST} )?-a `,
  `openssl ${REST} (?:-k |pass:)`,
  `net use ${REST}/user:\\S{1,64} (?!/)`,
];
const ARGUMENT = new RegExp(`(?<=(?<![\\w-])(?:${COMMANDS.join('|')}))(?<value>[^\\s"']{3,256})`, 'dg');
/** `echo secret | sudo -S`: what a command that reads a password is given. */
const PIPED =
  /(?<=(?<![\w-])(?:echo|printf)(?: -n)? ["']?)(?<value>[^\s"'|$]{3,128})["']? ?\| ?(?:sudo -S|[^|\r\n]{1,80}--password-stdin)/dg;

const scans = [scanWith(ARGUMENT, valueSpan), scanWith(PIPED, valueSpan)];

export const commandLineSecret: Detector = {
  name: 'command-line-secret',
  kind: 'SECRET',
  rank: RANK.secret + 1,
  precise: true,
  patterns: [ARGUMENT, PIPED],
  needs: (traits) => traits.space,
  scan: (context) =>
    /curl |mysql|mariadb|sshpass|docker login|redis-cli|openssl|net use|\|/.test(context.text)
      ? scans.flatMap((scan) => scan(context))
      : [],
  examples: {
    matches: [
      { text: 'curl -s -u admin:s3cret https://x/', found: 's3cret' },
      { text: 'mysqldump -u root -ps3cret shop', found: 's3cret' },
      { text: "sshpass -p 's3cret' ssh root@10.0.0.1", found: 's3cret' },
      { text: 'docker login -u ci -p s3cret hub', found: 's3cret' },
      { text: 'redis-cli -a s3cret ping', found: 's3cret' },
      { text: 'openssl enc -aes256 -k s3cret', found: 's3cret' },
      { text: 'net use X: \\\\files\\share /user:ann s3cret', found: 's3cret' },
      { text: 'echo s3cret | sudo -S reboot', found: 's3cret' },
    ],
    ignores: ['mysql -u root -p shop', 'echo done | tee log', 'curl -u admin https://x/', 'net use X: /delete'],
  },
};
