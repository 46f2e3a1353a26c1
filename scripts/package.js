// Makes what is published of dist/: JavaScript without comments, white space and source maps, and the declarations that the entries of
// package.json lead to, comments and all. `node scripts/package.js <folder>` writes a whole package there, ready for `npm pack <folder>`;
// without a folder dist/ itself is replaced, as `npm publish` wants it.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { transformSync } from 'esbuild';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const bin = (name) => join(root, 'node_modules/.bin', name);

function run(command, args, cwd = root) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
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

/** Declarations that people read. */
const READ = /^(?:core\/(?:api|testing|proxy|index|expression\/toolkit)|spoe-agents)\b/;

/**
 * Without white space, but with lines, and with short names where nobody sees them: what is exported, and what an object has, keeps its
 * name, so that the stack of an error can be read.
 */
function shorten(code) {
  const [, hashbang = ''] = /^(#!.*\n)?/.exec(code);
  const { code: short } = transformSync(code.slice(hashbang.length), {
    minifyWhitespace: true,
    minifySyntax: true,
    minifyIdentifiers: true,
    lineLimit: 120,
    target: 'node20',
  });
  return hashbang + short;
}

/** What npm takes along by package.json, as it says itself. */
function listed() {
  const answer = JSON.parse(run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']));
  const [made] = Array.isArray(answer) ? answer : Object.values(answer);
  return made.files.map(({ path }) => path);
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
    run(bin('tsc'), [...build, '--outDir', join(work, 'bare'), '--emitDeclarationOnly', '--removeComments']);
    const entries = Object.values(manifest.exports).flatMap(({ types }) => (types === undefined ? [] : [types]));
    for (const entry of entries) {
      for (const file of reachable(join(work, relative('dist', entry)))) {
        const target = join(dist, relative(work, file));
        mkdirSync(dirname(target), { recursive: true });
        const path = relative(work, file);
        // What lies behind the parts that programs import is for the compiler alone.
        cpSync(READ.test(path) ? file : join(work, 'bare', path), target);
      }
    }
    for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.js')) writeFileSync(join(dist, file), shorten(readFileSync(join(dist, file), 'utf8')));
    }
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
  for (const file of listed().filter((name) => !name.startsWith('dist/'))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  makeDist(join(folder, 'dist'));
}
