// Makes docs/reference: TypeDoc's pages, and a front page by hook and table. `--check` only says whether the pages are of these declarations
// (those of the last build), which needs no TypeDoc.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const here = import.meta.dirname;
const root = resolve(here, '../..');
const out = join(root, 'docs/reference');
const front = join(out, 'README.md');

/** What is documented: the declarations of what programs and plugins import, comments and all. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const folder of ['core/api', 'core/testing', 'core/proxy']) {
    for (const file of readdirSync(join(root, 'dist', folder)).toSorted()) {
      if (file.endsWith('.d.ts'))
        hash.update(readFileSync(join(root, 'dist', folder, file), 'utf8').replace(/^\/\/# .*$/gm, ''));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

const HOOKS = {
  accept: 'a client connected; nothing has been read',
  request: "the request's head is there",
  selectBackend: 'which backend',
  selectServer: 'which server',
  response: "the head of the server's response is there",
  log: 'all is over',
};
const TABLES = {
  sections: 'SectionKeyword',
  directives: 'DirectiveKeyword',
  bindWords: 'BindKeyword',
  serverWords: 'ServerKeyword',
  actions: 'ActionKeyword',
  fetches: 'FetchKeyword',
  converters: 'ConverterKeyword',
  matches: 'MatchKeyword',
  filters: 'FilterKeyword',
  balance: 'BalanceKeyword',
  checks: 'CheckKeyword',
  services: 'ServiceKeyword',
  commands: 'CommandKeyword',
};

/** A link to a heading of one of the pages. */
function link(text, name) {
  for (const page of readdirSync(out).filter((file) => file !== 'README.md')) {
    const heading = [...readFileSync(join(out, page), 'utf8').matchAll(/^#{2,5} (.*)$/gm)].find(
      ([, title]) => title.replaceAll(/[\\()?]|<.*/g, '') === name,
    );
    if (heading)
      return `[${text}](${page}#${heading[1]
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-')})`;
  }
  throw new Error(`the reference has no heading '${name}'`);
}

function frontPage() {
  const rows = (table) =>
    Object.entries(table)
      .map((cells) => `| ${cells.join(' | ')} |`)
      .join('\n');
  const hooks = Object.fromEntries(Object.entries(HOOKS).map(([name, when]) => [link(`\`${name}\``, name), when]));
  const tables = Object.fromEntries(
    Object.entries(TABLES).map(([name, type]) => [`\`${name}\``, link(`\`${type}\``, type)]),
  );
  const parts = Object.entries({
    Plugin: 'a plugin itself',
    PluginContext: 'what `setup` gets',
    PluginInstance: 'what `setup` gives',
    PluginOption: 'an option of a `plugin-load` line',
    Words: 'the words of a line',
    Scope: 'where a line stands',
    Transaction: 'a request and its response',
    HeaderList: 'the fields of a head',
    Backend: 'a backend, and its servers at run time',
    ServerState: "a server's state",
    FilterSide: 'what a filter does with a direction',
  });
  const pages = readdirSync(out)
    .filter((file) => file !== 'README.md')
    .map((file) => `[${file.replace(/\.md$/, '').replace('api.', 'plugin: ')}](${file})`);
  return `# Reference

Made from the source by \`npm run reference\`; do not edit it. The guide is [Writing plugins](../plugins.md).

## By hook

| hook | when |
|---|---|
${rows(hooks)}

## By table

| table of a plugin | each word is |
|---|---|
${rows(tables)}

## What they are made of

| type | what it is |
|---|---|
${parts.map(([name, what]) => `| ${link(`\`${name}\``, name)} | ${what} |`).join('\n')}

## All pages

${pages.join(', ')}. \`index\` is the module \`sluice\`, \`testing\` is \`sluice/testing\`, the others are parts of \`sluice/plugin\`.

<!-- declarations: ${fingerprint()} -->
`;
}

if (process.argv.includes('--check')) {
  const current = existsSync(front) ? /<!-- declarations: (\w+) -->/.exec(readFileSync(front, 'utf8'))?.[1] : undefined;
  if (current !== fingerprint()) {
    console.error("docs/reference is not made of these declarations; run 'npm run reference'");
    process.exitCode = 1;
  }
} else {
  const run = (command, args) => {
    const { status } = spawnSync(command, args, { cwd: here, stdio: 'inherit' });
    if (status !== 0) throw new Error(`${command} ended with ${status}`);
  };
  if (!existsSync(join(here, 'node_modules/typedoc')))
    run('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund']);
  rmSync(out, { recursive: true, force: true });
  run(process.execPath, [
    join(here, 'node_modules/typedoc/bin/typedoc'),
    '--options',
    'typedoc.json',
    '--logLevel',
    'Error',
  ]);
  writeFileSync(front, frontPage());
}
