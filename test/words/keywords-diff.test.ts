import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'words-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A list as `haproxy -dKall` prints it, with one word of each class that nobody has. */
const LIST = `# List of registered ACL keywords:
path_beg = path -m beg
paths_beg = paths -m beg
# List of registered configuration keywords:
global
\tmaxconn
\tmaxfuss +1
listen
\tbind <addr> name +1
\tbind <addr> ssl fuss +1
\tserver <name> <addr> fuss +1
\toption fuss [ FE BE ]
\thttp-request fuss*
# List of registered CLI keywords:
show fuss [WORKER]
# List of registered sample converter functions:
add(string): sint => sint
upper(integer): str => str
fuss(string[,integer]): str => str
# List of registered filter names:
fuss [FUSS]
# List of registered sample fetch functions:
#   _.- frontend tcp-request connection rule
[ . . Y Y Y Y Y Y Y Y Y . . . . . . . . . . . ] path: str
[ Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y ] fuss(string): str
# List of registered service names:
fuss
`;

test('what is missing, what is more and what differs, by class', () => {
  const file = join(folder, 'keywords.txt');
  writeFileSync(file, LIST);
  const text = execFileSync(process.execPath, ['scripts/keywords-diff.js', file], { encoding: 'utf8' });
  expect(text).toContain('ACL keywords: missing (1)\n  paths_beg\n');
  expect(text).toContain('converters: missing (1)\n  fuss\n');
  expect(text).toContain('converters: upper\n  HAProxy (integer): str => str\n  Sluice  : str => str\n');
  expect(text).toMatch(/^converters: not HAProxy's \(\d+\)$/m);
  for (const name of ['fetches', 'services', 'filters', 'CLI', 'http-request', 'bind', 'server', 'proxy', 'global'])
    expect(text).toMatch(new RegExp(`^${name}: missing \\(\\d+\\)\\n(?:  .*\\n)*.*\\b\\w*fuss\\b`, 'm'));
  expect(text).toMatch(/^class +HAProxy +built +missing +added +differ$/m);
  expect(text).toMatch(/^converters +3 +2 +1 +\d+ +1$/m);
  expect(text).toMatch(/^total( +\d+){5}$/m);
});
