import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, readDocument } from '../docs/document.ts';
import { RunningProcess } from '../support/process.ts';
import { commandLine } from '../support/proxy.ts';
import { which } from '../support/which.ts';
import { folder } from './support.ts';

/** What HAProxy before 3.1 has otherwise, as the pages say. */
const older = (text: string): string =>
  text
    .replaceAll('mode spop', 'mode tcp')
    .replace(/^( +timeout processing.*)$/m, '$1\n    timeout hello 2s\n    timeout idle 2m');

/** Exit code and words of `-c` on a page's configuration. */
async function check(program: string, page: string, change: (text: string) => string): Promise<[unknown, string]> {
  const at = folder();
  for (const { info, text } of blocksOf(readDocument(page)))
    if (/\.(cfg|conf)$/.test(info)) writeFileSync(join(at, info), change(text));
  const [command, ...args] = commandLine(program);
  const running = new RunningProcess(command!, [...args, '-c', '-f', 'haproxy.cfg'], { cwd: at });
  return [await running.ended(), running.stderr.replaceAll(/^\[NOTICE\].*\n/gm, '')];
}

describe.each(['', 'ip-reputation/', 'mirror/', 'auth/', 'geoip/', 'rate-limit/'])(
  'spoe-agents/%sREADME.md',
  (name) => {
    const page = `spoe-agents/${name}README.md`;

    it('shows a configuration that is valid', async () => {
      expect(await check('sluice', page, (text) => text)).toEqual([0, '']);
    });

    it.skipIf(which('haproxy') === undefined)('shows one that is valid for HAProxy too', async () => {
      expect(await check('haproxy', page, older)).toEqual([0, '']);
    });
  },
);
