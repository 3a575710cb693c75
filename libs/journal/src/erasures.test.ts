import { Erasures, erasureDigestOf } from './erasures';
import { type Fact, type FactContent } from './fact';
import { CONTENTS, MESSAGE } from './facts.fixture';

const PERSONAL = ['alert', 'severity', 'source', 'summary', 'answer'];

function erasing(id: string): Erasures {
  const erasures = new Erasures();
  erasures.add({ digests: [erasureDigestOf(id)] });
  return erasures;
}

const facts: readonly Fact[] = Object.values(CONTENTS).map((content: FactContent) => ({ ...content, at: 7 }));

describe('erased messages', () => {
  it('are named by a digest of 22 characters, the same in every process', () => {
    expect(erasureDigestOf('0197f22e-5f5e-7a5f-8a30-9a3b6ad3e001')).toBe('Yb8eQuXzQOWjty0ufrJXpK');
  });

  it('are known, and no others', () => {
    const erasures = erasing(MESSAGE.id);
    expect([erasures.has(MESSAGE.id), erasures.has('another'), erasures.size]).toEqual([true, false, 1]);
    expect(new Erasures().has(MESSAGE.id)).toBe(false);
  });

  it.each(facts.map((fact) => [fact.kind, fact] as const))(
    'lose what is personal in %s, and nothing else',
    (_, fact) => {
      const isAboutMessage = 'id' in fact && fact.id === MESSAGE.id;
      const kept = Object.entries(fact).filter(([name]) => !isAboutMessage || !PERSONAL.includes(name));
      expect(erasing(MESSAGE.id).applyTo(fact)).toEqual(Object.fromEntries(kept));
    },
  );

  it('keep of a fact that is not understood only what is known not to be personal', () => {
    const content = { kind: 'teleported', at: 7, id: MESSAGE.id, group: 'events', passenger: 'Jane', alert: 'jane' };
    expect(erasing(MESSAGE.id).applyTo({ kind: 'unknown', at: 7, content })).toEqual({
      kind: 'unknown',
      at: 7,
      content: { kind: 'teleported', at: 7, id: MESSAGE.id, group: 'events' },
    });
  });

  it('leave the facts of others as they are', () => {
    for (const fact of facts) expect(erasing('another one').applyTo(fact)).toBe(fact);
  });
});
