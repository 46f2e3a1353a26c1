// Makes what is published of dist/: JavaScript without comments and source maps, indented by tabs, and the declarations that the entries of
// package.json lead to, comments and all. `node scripts/package.js <folder>` writes a whole package there, ready for `npm pack <folder>`;
// without a folder dist/ itself is replaced, as `npm publish` wants it.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const bin = (name) => join(root, 'node_modules/.bin', name);

function run(command, args, cwd = root) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
}

/** The declarations that `entry` leads to, itself included. */
function reachable(entry, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const [, specifier] of readFileSync(entry, 'utf8').matchAll(/(?:from |import\(|import )['"](\.[^'"]+)['"]/g)) {
    const path = resolve(dirname(entry), specifier.replace(/\.[jt]s$/, '.d.ts'));
    if (existsSync(path)) reachable(path, found);
  }
  return found;
}

function makeDist(dist) {
  const work = mkdtempSync(join(tmpdir(), 'sluice-package-'));
  try {
    const build = ['-p', 'tsconfig.build.json', '--sourceMap', 'false', '--declarationMap', 'false'];
    run(bin('tsc'), [
      ...build,
      '--outDir',
      dist,
      '--declaration',
      'false',
      '--isolatedDeclarations',
      'false',
      '--removeComments',
    ]);
    run(bin('tsc'), [...build, '--outDir', work, '--emitDeclarationOnly']);
    const entries = Object.values(manifest.exports).flatMap(({ types }) => (types === undefined ? [] : [types]));
    for (const entry of entries) {
      for (const file of reachable(join(work, relative('dist', entry)))) {
        const target = join(dist, relative(work, file));
        mkdirSync(dirname(target), { recursive: true });
        cpSync(file, target);
      }
    }
    const style = join(work, 'style.json');
    writeFileSync(style, JSON.stringify({ printWidth: 320, useTabs: true, singleQuote: true }));
    run(bin('oxfmt'), ['--config', style, '.'], dist);
    for (const file of Object.values(manifest.bin)) chmodSync(join(dist, relative('dist', file)), 0o755);
  } finally {
    rmSync(work, { recursive: true });
  }
}

const [target] = process.argv.slice(2);
if (target === undefined) {
  const made = join(root, `.dist-${process.pid}`);
  makeDist(made);
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  renameSync(made, join(root, 'dist'));
} else {
  const folder = resolve(target);
  mkdirSync(folder, { recursive: true });
  for (const file of [
    'package.json',
    'README.md',
    'LICENSE',
    ...manifest.files.filter((name) => name !== 'dist' && !name.startsWith('!')),
  ]) {
    cpSync(join(root, file), join(folder, file), { recursive: true });
  }
  makeDist(join(folder, 'dist'));
}
