/** The edits of fengari's source are for one exact version of it, and say so when they meet another. */
import { describe, expect, it } from 'vitest';
import { engine } from '../../plugins/lua/engine/index.ts';
import { plan } from '../../plugins/lua/engine/plan.ts';
import { digestOf, loadModules, patched, readSource } from '../../plugins/lua/engine/source.ts';

describe("fengari's source", () => {
  it('is what the edits were written for', () => {
    expect(digestOf(Object.keys(plan.patches))).toBe(plan.digest);
  });

  it.each(Object.entries(plan.patches))('has all that is replaced in %s', (file, patch) => {
    expect(() => patched(readSource(file), patch, file)).not.toThrow();
  });

  it('is refused, with the edit that does not fit', () => {
    const edited = { edits: [['no such text in it', '']] } as const;
    expect(() => patched(readSource('ldo.js'), edited, 'ldo.js')).toThrow(
      'fengari\'s ldo.js has no "no such text in it"',
    );
    expect(() => patched(readSource('ldo.js'), { own: { noSuchFunction: 1 } }, 'ldo.js')).toThrow('noSuchFunction');
  });

  it('is refused in another version', () => {
    expect(() => loadModules({ ...plan, version: '9.9.9' })).toThrow('exactly 9.9.9');
    expect(() => loadModules({ ...plan, digest: 'other' })).toThrow('is not the one');
  });

  it('names itself', () => {
    expect(engine.version).toContain(plan.version);
  });
});
