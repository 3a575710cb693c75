import { writeRecord } from '@pdaltagent/messaging';
import { Quarantine } from '@pdaltagent/spool';
import { chmodSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { KEY, MINUTE, NOW, OTHER_KEY, runCli } from '../cli.fixture';
import { GatewayFolder, messageOf } from './quarantine.fixture';

let gateway: GatewayFolder;
beforeEach(() => {
  gateway = new GatewayFolder();
});
afterEach(() => gateway.remove());

const quarantine = (words: string, options: { answer?: string } = {}) =>
  runCli(['quarantine', ...words.split(' ')], gateway.environment, options);

/** A record that only a newer version can read. */
const newer = () => Buffer.concat([Buffer.from([2]), Buffer.from(KEY)]);

describe('the list', () => {
  it('shows each event on one line, oldest first, without the key', async () => {
    await gateway.add({ id: 'm1' }, { id: 'm2', action: 'resolve', key: OTHER_KEY });
    await gateway.put('m3', newer(), { problem: 'damaged' });
    await gateway.put('m4', Buffer.from(`\u0000${KEY}`), { problem: 'damaged', detail: `\u001b[31m${KEY}` });
    const { code, out, error } = await quarantine('list');
    expect({ code, error }).toEqual({ code: 0, error: '4 events in the quarantine\n' });
    const [header, ...rows] = out.trimEnd().split('\n');
    expect(header).toMatch(/^ID +PROBLEM +SINCE +AGE +KEY +ACTION +ALERT +BYTES +DETAIL$/);
    expect(rows).toEqual([
      expect.stringMatching(/^m1 +refused +2027-01-15T07:55:00Z +10 min +…d1a6 +trigger +db1\/disk +\d+$/),
      expect.stringMatching(/^m2 +refused +.* …77ff +resolve +db1\/disk /),
      expect.stringMatching(/^m3 +damaged .* written by a newer version \(record version 2\)$/),
      expect.stringMatching(/^m4 +damaged .* damaged$/),
    ]);
    expect(out).not.toContain(KEY);
    expect(out).not.toContain('\u001b');
  });

  it('prints the same as JSON, and can be filtered', async () => {
    await gateway.add({ id: 'm1' });
    await gateway.put('m2', newer(), { problem: 'damaged', detail: 'why' });
    expect(JSON.parse((await quarantine('list --json')).out)).toEqual([
      {
        id: 'm1',
        problem: 'refused',
        detail: '',
        quarantined_at: '2027-01-15T07:55:00Z',
        replayable: true,
        unreadable: null,
        bytes: writeRecord(messageOf({ id: 'm1' })).length,
        accepted_at: '2027-01-15T07:50:00Z',
        age_seconds: 600,
        type: 'v2',
        key: '…d1a6',
        action: 'trigger',
        alert: 'db1/disk',
      },
      expect.objectContaining({ id: 'm2', replayable: false, detail: 'why', type: null, key: '-', age_seconds: null }),
    ]);
    const chosen = async (words: string) =>
      (JSON.parse((await quarantine(`list --json ${words}`)).out) as { id: string }[]).map(({ id }) => id);
    expect(await chosen('--problem damaged')).toEqual(['m2']);
    expect(await chosen('--key d1a6')).toEqual(['m1']);
  });

  it('can be limited to recent events and to a number of them, and says how many there are', async () => {
    for (const [index, minutes] of [180, 30, 20, 10].entries()) {
      const id = `m${index}`;
      await gateway.put(id, writeRecord(messageOf({ id })), { quarantinedAt: NOW - minutes * MINUTE });
    }
    const listed = async (words: string) => {
      const { code, out, error } = await quarantine(`list ${words}`);
      const ids = out
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(' ')[0]);
      return { code, ids, error };
    };
    expect(await listed('--since 25min')).toEqual({
      code: 0,
      ids: ['m2', 'm3'],
      error: '2 matching events\n',
    });
    expect(await listed(`--since ${new Date(NOW - 30 * MINUTE).toISOString()} --limit 2`)).toEqual({
      code: 0,
      ids: ['m1', 'm2'],
      error: '2 of 3 matching events\n',
    });
    expect((await quarantine('list --since 1s')).error).toBe('no matching events\n');
    const { out, error } = await quarantine('list --since 1h --limit 1 --json');
    expect(JSON.parse(out)).toEqual([expect.objectContaining({ id: 'm1' })]);
    expect(error).toBe('');
  });

  it.each(['--limit 0', '--limit few', '--since yesterday'])('exits with 2 for an invalid value: %s', async (words) => {
    await gateway.add({ id: 'm1' });
    expect(await quarantine(`list ${words}`)).toMatchObject({ code: 2, out: '' });
  });

  it('can be filtered to files whose first line is damaged', async () => {
    await gateway.add({ id: 'm1' }, { id: 'm2' });
    truncateSync(path.join(gateway.folder, 'm2.record'), 10);
    const { code, out } = await quarantine('list --json --problem unreadable');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual([expect.objectContaining({ id: 'm2', problem: 'unreadable' })]);
  });

  it('reports that there are none', async () => {
    await gateway.quarantine();
    expect(await quarantine('list')).toMatchObject({ code: 0, out: '', error: 'the quarantine is empty\n' });
    expect((await quarantine('list --json')).out).toBe('[]\n');
  });

  it.each(['list', 'show m1', 'export', 'discard --all --yes', 'replay --all'])(
    'says what to do if there is no quarantine: %s',
    async (words) => {
      const { code, out, error } = await quarantine(words);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(error).toBe(
        `pdaltagent: there is no quarantine at ${gateway.folder}: run this where the gateway runs, ` +
          'with its PDAGENTD_SPOOL_DIR or PDAGENTD_STATE_DIR\n',
      );
    },
  );

  it('reads the folder that PDAGENTD_SPOOL_DIR names, as the gateway does', async () => {
    await gateway.add({ id: 'm1' });
    const environment = { PDAGENTD_STATE_DIR: '/nowhere', PDAGENTD_SPOOL_DIR: path.join(gateway.path, 'spool') };
    expect((await runCli(['quarantine', 'list'], environment)).out).toContain('m1');
  });

  it('says what to do if this user may not read it', async () => {
    await gateway.add({ id: 'm1' });
    chmodSync(gateway.folder, 0o000);
    const isRoot = process.getuid?.() === 0;
    // Root reads everything; as another user it may not.
    if (isRoot) process.seteuid?.('nobody');
    const { code, error } = await quarantine('list');
    if (isRoot) process.seteuid?.(0);
    expect(code).toBe(1);
    expect(error).toMatch(
      /^pdaltagent: the quarantine cannot be read: .*EACCES.*; run this as the user of the gateway\n$/,
    );
  });
});

describe('show', () => {
  it('shows the body without the key', async () => {
    await gateway.add({ id: 'm1' }, { id: 'm2' });
    const text = await quarantine('show m2');
    expect(text.code).toBe(0);
    expect(text.out).toContain('id:               m2\n');
    expect(text.out).toContain('{"routing_key":"…d1a6","event_action":"trigger","dedup_key":"db1/disk"');
    expect(text.out).not.toContain(KEY);
    expect(JSON.parse((await quarantine('show m2 --json')).out)).toMatchObject({ id: 'm2', encoding: 'utf-8' });
  });

  it('shows nothing of an unreadable record, which may contain the key anywhere', async () => {
    await gateway.put('m1', newer(), { problem: 'damaged' });
    const { code, out } = await quarantine('show m1');
    expect(code).toBe(0);
    expect(out).toContain('written by a newer version (record version 2)');
    expect(out).toContain('pdaltagent quarantine export writes its bytes');
    expect(out).not.toContain(KEY);
    expect(JSON.parse((await quarantine('show m1 --json')).out)).toMatchObject({ body: null, encoding: null });
  });

  it('fails if it does not exist', async () => {
    await gateway.quarantine();
    expect(await quarantine('show nobody')).toMatchObject({
      code: 1,
      out: '',
      error: 'pdaltagent: no event in the quarantine has the id nobody\n',
    });
  });
});

describe('export', () => {
  const recordsIn = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; record: string })
      .map(({ id, record }) => [id, Buffer.from(record, 'base64')]);

  it('writes the stored bytes of every event to a new file that only its user can read, and removes nothing', async () => {
    await gateway.add({ id: 'm1' });
    await gateway.put('m2', newer(), { problem: 'damaged' });
    const file = path.join(gateway.path, 'exported.jsonl');
    expect(await quarantine(`export ${file}`)).toMatchObject({
      code: 0,
      out: '',
      error: `2 events exported to ${file}\n`,
    });
    expect(recordsIn(readFileSync(file, 'utf8'))).toEqual([
      ['m1', writeRecord(messageOf({ id: 'm1' }))],
      ['m2', newer()],
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await gateway.ids()).toEqual(['m1', 'm2']);
  });

  it('writes to standard output without a file, and only the requested events', async () => {
    await gateway.add({ id: 'm1' }, { id: 'm2' });
    const { code, out, error } = await quarantine('export --id m2 m9');
    expect(code).toBe(1);
    expect(recordsIn(out).map(([id]) => id)).toEqual(['m2']);
    expect(error).toBe('no event in the quarantine has the id m9\n1 event exported\n');
  });

  it('does not overwrite a file', async () => {
    await gateway.add({ id: 'm1' });
    const file = path.join(gateway.path, 'mine');
    writeFileSync(file, 'mine');
    const { code, error } = await quarantine(`export ${file}`);
    expect(code).toBe(1);
    expect(error).toMatch(/^pdaltagent: .*mine cannot be written: .*EEXIST/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});

describe('discard', () => {
  it('asks for confirmation on a terminal, removes the selected events, and reports what is left', async () => {
    await gateway.add({ id: 'm1' }, { id: 'm2', key: OTHER_KEY });
    await gateway.put('m3', newer(), { problem: 'damaged' });
    const refused = await quarantine('discard --all', { answer: 'n' });
    expect(refused).toMatchObject({ code: 1, questions: ['Discard 3 events permanently? [y/N] '] });
    expect(await gateway.ids()).toEqual(['m1', 'm2', 'm3']);
    expect(await quarantine('discard --key 77ff --yes')).toMatchObject({
      code: 0,
      error: '1 event discarded; 2 events in the quarantine\n',
    });
    expect(await quarantine('discard m3 m9', { answer: 'y' })).toMatchObject({
      code: 1,
      error: 'no event in the quarantine has the id m9\n1 event discarded; 1 event in the quarantine\n',
    });
    expect(await quarantine('discard --all --yes')).toMatchObject({
      code: 0,
      error: '1 event discarded; the quarantine is empty\n',
    });
    expect(await quarantine('discard --all --yes')).toMatchObject({ code: 0, error: 'no events to discard\n' });
  });

  it('removes nothing without a terminal unless --yes is given', async () => {
    await gateway.add({ id: 'm1' });
    expect(await quarantine('discard --all')).toMatchObject({
      code: 2,
      error: 'pdaltagent: this cannot be undone: without a terminal, --yes is required\n',
    });
    expect(await gateway.ids()).toEqual(['m1']);
  });

  it('reports what is left if the disk fails', async () => {
    await gateway.add({ id: 'm1' }, { id: 'm2' }, { id: 'm3' });
    const failure = new Error('EIO: i/o error, unlink');
    // What it claims to have removed is looked up.
    const failing = jest.spyOn(Quarantine.prototype, 'remove').mockResolvedValueOnce(true).mockRejectedValue(failure);
    try {
      const { code, out, error } = await quarantine('discard --all --yes --json');
      expect({ code, error }).toEqual({
        code: 1,
        error: 'stopped after 0 events; the others are still in the quarantine: EIO: i/o error, unlink\n',
      });
      expect(JSON.parse(out)).toMatchObject({
        discarded: 0,
        left: ['m1', 'm2', 'm3'],
        error: 'EIO: i/o error, unlink',
      });
    } finally {
      failing.mockRestore();
    }
  });

  it('prints the result as JSON', async () => {
    await gateway.add({ id: 'm1' });
    const { code, out } = await quarantine('discard m1 m9 --yes --json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({ discarded: 1, left: [], missing: ['m9'], error: null });
  });

  it.each(['discard', 'replay', 'discard m1 --all', 'replay --all --key abcd', 'discard --key abc'])(
    'exits with 2 if the selection is ambiguous: %s',
    async (words) => {
      await gateway.add({ id: 'm1' });
      expect((await quarantine(words)).code).toBe(2);
      expect(await gateway.ids()).toEqual(['m1']);
    },
  );
});
