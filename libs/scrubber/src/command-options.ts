/** The options of programs that take a secret, as written on the command line. */
export interface Tool {
  /** Pattern of the programs' names. */
  readonly programs: string;
  /** The options count only after this word: `docker login`. */
  readonly subcommand?: string;
  /** Single letters whose argument is a secret, in the same word or in the next (POSIX getopt). */
  readonly letters?: readonly string[];
  /** Single letters whose argument is a secret in the same word only: the `-p` of mysql asks without one. */
  readonly attached?: readonly string[];
  /** Options whose argument is a secret, in the next word or after `=` or `:`. */
  readonly options?: readonly string[];
  /** Options whose argument is `user:secret`, with this delimiter. */
  readonly accounts?: readonly string[];
  readonly delimiter?: ':' | '%' | ',';
}

/** SNMP: communities, and the passphrases of version 3. */
const SNMP = {
  letters: ['-A', '-X'],
  options: ['--community', '--snmp-community', '--authpasswd', '--privpasswd', '--authpassword', '--privpassword'],
} as const;

/**
 * Programs whose command lines reach monitoring: plug-ins that print how they were called, failed jobs, process lists. Long
 * options that are called `--password`, `--token` and so on are found for any program (assigned-secret.ts).
 */
export const TOOLS: readonly Tool[] = [
  {
    programs: 'curl',
    options: ['--oauth2-bearer', '--pass', '--proxy-pass', '--tlspassword', '--proxy-tlspassword'],
    accounts: ['-u', '-U', '-E', '--user', '--proxy-user', '--cert'],
  },
  { programs: 'https?|xhs?|hey|oha', accounts: ['-a', '--auth'] },
  { programs: 'ab', accounts: ['-A', '-P'] },
  { programs: 'etcdctl', accounts: ['--user'] },
  { programs: 'govc', accounts: ['-u'] },
  { programs: 'skopeo', accounts: ['--creds', '--src-creds', '--dest-creds'] },
  { programs: 'lftp', accounts: ['-u', '--user'], delimiter: ',' },
  {
    programs: 'smbclient|smbget|smbcacls|smbspool|rpcclient|net|wbinfo|winexe|wmic|samba-tool',
    options: ['/password', '/p', '/pass'],
    accounts: ['-U', '--user'],
    delimiter: '%',
  },
  {
    programs:
      'mysql(?:-?(?:dump|admin|import|check|show|slap|binlog|pump|sh|hotcopy)|_upgrade)?|mariadb(?:-[a-z]{2,12})?|mariabackup|xtrabackup|innobackupex|mytop|innotop|pt-[a-z-]{3,30}',
    attached: ['-p'],
  },
  {
    programs:
      'mydumper|myloader|mongo(?:sh|dump|restore|export|import|stat|top|files)?|cqlsh|couchbase-cli|cbstats|beeline|hdbsql|rabbitmqadmin',
    letters: ['-p'],
  },
  { programs: 'sqlcmd|osql|bcp|isql|tsql|defncopy|check_mssql', letters: ['-P'], options: ['/P'] },
  { programs: 'vsql', letters: ['-w'] },
  { programs: 'redis-cli', options: ['-a', '--pass'] },
  { programs: 'influx', options: ['-password'] },
  {
    programs:
      'check_(?:mysql(?:_query)?|pgsql|postgres|oracle|db2|mongodb|disk_smb|radius|esx\\w{0,20}|vmware\\w{0,20}|wmi\\w{0,20}|rabbitmq\\w{0,20}|redfish|idrac\\w{0,10}|ilo\\d?\\w{0,10}|hana|jmx\\w{0,10})',
    letters: ['-p'],
    options: ['--password', '--pass', '--dbpass'],
  },
  {
    programs: 'check_(?:ldaps?|smtp|ipmi\\w{0,20}|mailq_auth)',
    letters: ['-P'],
    options: ['--pass', '--password', '--authpass'],
  },
  { programs: 'check_(?:http|curl)', accounts: ['-a', '-b', '--authorization', '--proxy-authorization'] },
  { programs: 'check_nt|agent_vsphere', letters: ['-s'], options: ['--secret'] },
  {
    programs:
      'check_(?:snmp\\w{0,30}|if\\w{0,20}|interface\\w{0,30}|nwc_health|hpasm|openmanage|netapp\\w{0,20}|cisco\\w{0,20}|dell\\w{0,20}|switch\\w{0,20}|bgp\\w{0,20}|juniper\\w{0,20}|synology\\w{0,20}|qnap\\w{0,20}|printers?\\w{0,20}|ups\\w{0,20})',
    ...SNMP,
    letters: ['-C', '-x', ...SNMP.letters],
  },
  {
    programs:
      'snmp(?:get|getnext|walk|bulkwalk|bulkget|set|table|df|status|trap|inform|delta|test|netstat|usm|vacm|ps)',
    ...SNMP,
    letters: ['-c', ...SNMP.letters],
    options: ['-3m', '-3M', '-3k', '-3K', ...SNMP.options],
  },
  { programs: 'ipmitool|ipmiutil', letters: ['-P'], options: ['-k', '-y'] },
  {
    programs:
      'ipmi-(?:sensors|sel|chassis|fru|raw|oem|dcmi|config|console|pet|power|chassis-config|sensors-config|pef-config)|ipmipower|ipmiconsole|bmc-(?:info|config|device|watchdog)',
    letters: ['-p', '-k'],
    options: ['--k-g'],
  },
  {
    programs:
      'racadm|ilorest|redfishtool|upscmd|upsrw|esxcli|uemcli|rdesktop|psexec|ncftpget|ncftpput|twine|useradd|usermod',
    letters: ['-p'],
  },
  {
    programs: 'ldap(?:search|add|modify|delete|modrdn|whoami|compare|exop)|ldapvi|dsconf|dsidm|kadmin',
    letters: ['-w'],
  },
  { programs: 'ldappasswd', letters: ['-w', '-s', '-a'] },
  { programs: 'slappasswd', letters: ['-s'] },
  {
    programs: 'keytool|jarsigner',
    options: ['-storepass', '-keypass', '-srcstorepass', '-deststorepass', '-srckeypass', '-destkeypass', '-new'],
  },
  { programs: 'openssl', options: ['-k', '-K', 'pass'] },
  { programs: 'zip|unzip', letters: ['-P'] },
  { programs: '7z[ar]?|rar|unrar', attached: ['-p', '-hp'] },
  { programs: 'sshpass', letters: ['-p'] },
  { programs: 'plink|pscp|psftp|putty|xe|nodetool', options: ['-pw'] },
  { programs: 'naviseccli', options: ['-Password', '-password'] },
  { programs: 'x11vnc', options: ['-passwd'] },
  { programs: 'swaks|sendemail', options: ['-ap', '-xp'] },
  { programs: 'mosquitto_(?:pub|sub|rr)', letters: ['-P'], options: ['--pw'] },
  { programs: 'xfreerdp\\d?|wfreerdp\\d?|cmdkey|schtasks|ktpass', options: ['/p', '/pass', '/password', '/rp', '/RP'] },
  { programs: 'nmcli', options: ['password', 'wifi-sec.psk', '802-11-wireless-security.psk'] },
  {
    programs: 'docker|podman|nerdctl|buildah|helm|crane|oras|az|oc|cf',
    subcommand: 'login',
    letters: ['-p'],
  },
];
