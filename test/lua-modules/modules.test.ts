import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HostFunction, LuaState } from '../../plugins/lua/engine/engine.ts';
import { engine } from '../../plugins/lua/engine/index.ts';
import { installFallbacks, nativeModules } from '../../plugins/lua/modules/index.ts';
import { which } from '../support/which.ts';
import { CASES, OWN } from './cases.ts';

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'latin1');
/** What snippets about keys are given. */
const PROLOGUE = `KEY, CERTIFICATE = [[${read('key.pem')}]], [[${read('certificate.pem')}]] `;

/** What a script prints. */
function printed(code: string, prepare: (state: LuaState) => void = () => undefined): string {
  let output = '';
  const state = engine.newState({ preload: nativeModules });
  installFallbacks(state);
  prepare(state);
  const print: HostFunction = (call) => {
    output += `${Array.from({ length: call.count }, (_, index) => call.text(index + 1)).join('\t')}\n`;
    return 0;
  };
  state.setGlobal('print', (call) => call.pushFunction(print, 'print'));
  try {
    state.run(state.load(Buffer.from(code, 'latin1'), 'case'), []);
  } finally {
    state.close();
  }
  return output;
}
const ours = (code: string): string => printed(PROLOGUE + code);

/** Addresses are of no interest. */
const plain = (text: string): string => text.replace(/0x[0-9a-f]+/g, '0x…');
const lua = which('lua5.3');
const LIBRARIES = ['cjson', 'cjson.safe', 'bit', 'bit32', 'openssl.digest', 'socket', 'mime', 'ltn12', 'socket.url'];
const libraries =
  lua !== undefined &&
  spawnSync(lua, ['-e', LIBRARIES.map((name) => `require "${name}"`).join(' ')], { encoding: 'latin1' }).status === 0;

describe('modules that the real ones are known of', () => {
  // What the libraries themselves print is kept as a snapshot, and looked at anew where they are installed.
  test.for(Object.entries(CASES))('%s', ([name, code]) => {
    const output = plain(ours(code));
    if (libraries) {
      const real = spawnSync(lua, ['-e', PROLOGUE + code], { encoding: 'latin1' });
      expect(real.stderr).toBe('');
      expect(plain(real.stdout)).toBe(output);
    }
    expect(output).toMatchSnapshot(name);
  });
});

describe('modules of which there are many', () => {
  test.for(Object.entries(OWN))('%s', ([, [code, output]]) => {
    expect(ours(code)).toBe(output);
  });

  test('a module on the path comes before the one that is there for want of it', () => {
    const output = printed('print(require "json".who)', (state) =>
      state.prependPath(join(import.meta.dirname, '?.lua'), 'path'),
    );
    expect(output).toBe('a file\n');
  });
});
