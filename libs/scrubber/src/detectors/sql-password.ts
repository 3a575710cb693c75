import { type Detector, RANK, type Span } from '../detector';
import { type ScanContext } from '../scan-context';
import { isPlaceholderValue } from '../secret-value';

/** What precedes a password in statements of MySQL, MariaDB, Oracle, ClickHouse, PostgreSQL and SQL Server. */
const CLAUSE =
  /(?<![\w-])(?:identified(?:\s{1,4}(?:with|via)\s{1,4}[\w"'`]{1,64})?\s{1,4}(?:by|as|using)(?:\s{1,4}(?:password|values))?|(?:old_)?password(?=\s{0,4}\(\s{0,4}["'])|set\s{1,4}password(?:\s{1,4}for\s{1,4}[^\s=]{1,128})?\s{0,4}=|password\s{0,4}=?(?=\s{0,4}(?:N'|E'|\$\w{0,16}\$|0x)))\s{0,4}(?:(?:old_)?password\s{0,4})?\(?\s{0,4}/gi;
const LITERAL =
  /[NE]?(\\{0,8}['"])(?:[^'"\\\r\n]|(?!\1)['"\\]|\1\1(?=[^\s,;)])){1,512}(?=\1)|\$(\w{0,16})\$[^$\r\n]{1,512}(?=\$\2\$)|[^\s"'\\,;()]{3,512}/y;
/** Oracle's clause with the old password. */
const REPLACED = /\\{0,8}['"]?\s{1,4}replace\s{1,4}/iy;
/** Words of the statement; without one, the clause is prose. */
const STATEMENT = /(?<![a-z])(?:create|alter|grant|set|user|role|login|set password)(?![a-z])/;

const SETTING_STATEMENT =
  /(?:create|alter) {1,4}(?:user|role|login)|(?<![a-z])(?:grant|connect to|set password)(?![a-z])/;

function scan(context: ScanContext): readonly Span[] {
  const { text } = context;
  if (!/identified|password/i.test(text)) return [];
  const spans: Span[] = [];
  CLAUSE.lastIndex = 0;
  for (let match = CLAUSE.exec(text); match !== null; match = CLAUSE.exec(text)) {
    const span = literalAt(text, CLAUSE.lastIndex);
    if (
      span === undefined ||
      !isStatement(
        `${context.wordsBefore(match.index, 200)} ${match[0].toLowerCase()}`,
        /["'$]/.test(text[span.start - 1] ?? ''),
      )
    )
      continue;
    spans.push(span);
    CLAUSE.lastIndex = span.end;
    REPLACED.lastIndex = span.end;
    const old = REPLACED.test(text) ? literalAt(text, REPLACED.lastIndex) : undefined;
    if (old !== undefined) spans.push(old);
  }
  return spans;
}

/** Whether the words before a clause are of a statement; a value without quotes needs a statement that sets a password. */
function isStatement(words: string, isQuoted: boolean): boolean {
  return isQuoted ? STATEMENT.test(words) : SETTING_STATEMENT.test(words);
}

/** The value of the literal at `start`, without its quotes. */
function literalAt(text: string, start: number): Span | undefined {
  LITERAL.lastIndex = start;
  const literal = LITERAL.exec(text)?.[0];
  if (literal === undefined) return undefined;
  const opening = /^(?:[NE]?\\{0,8}['"]|\$\w{0,16}\$)/.exec(literal)?.[0].length ?? 0;
  const value = literal.slice(opening);
  if (value.length < 3 || isPlaceholderValue(value) || value === '?') return undefined;
  return { start: start + opening, end: start + literal.length };
}

export const sqlPassword: Detector = {
  name: 'sql-password',
  kind: 'SECRET',
  rank: RANK.secret + 1,
  precise: true,
  patterns: [CLAUSE, LITERAL, REPLACED, STATEMENT, SETTING_STATEMENT],
  needs: (traits) => traits.run >= 8,
  scan,
  examples: {
    matches: [
      { text: "create user 'bo'@'%' identified by 'Px@issue@771$' (duration 8820)", found: 'Px@issue@771$' },
      { text: 'ALTER USER scott IDENTIFIED BY tig3r REPLACE "old One";', found: 'tig3r' },
      { text: 'ALTER USER scott IDENTIFIED BY tig3r REPLACE "old One";', found: 'old One' },
      { text: "CREATE USER a IDENTIFIED WITH mysql_native_password BY 'it''s me'", found: "it''s me" },
      { text: "GRANT ALL ON *.* TO a IDENTIFIED BY PASSWORD '*94BDCEBE19083CE2A1F'", found: '*94BDCEBE19083CE2A1F' },
      { text: "SET PASSWORD FOR 'a'@'%' = PASSWORD('s3cret one')", found: 's3cret one' },
      { text: "set password for 'a'@'%' = 's3cret'", found: 's3cret' },
      { text: "CREATE LOGIN a WITH PASSWORD = N's3cret; x'", found: 's3cret; x' },
      { text: '"query":"alter user a identified by \\\'s3cret\\\'"', found: 's3cret' },
    ],
    ignores: [
      "process identified by 'nginx' crashed",
      'hosts are identified by serial number',
      'user identified by email',
      'the role identified by arn changed',
      'create user a identified by ?',
      "create user a identified by '***'",
      'PASSWORD() is deprecated',
    ],
  },
};
