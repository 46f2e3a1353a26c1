import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../support/free-port.ts';
import { RunningProcess } from '../support/process.ts';
import { Outsider, registryAnswers, sizeOf } from './outsider.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const online = registryAnswers();
const EXAMPLES = ['geoip', 'request-mirror', 'consul-like'];
/** Our own files, unpacked. */
const LARGEST = 2_000_000;
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  exports: Record<string, { types?: string }>;
};

describe.skipIf(!online)(
  `the journey of somebody who has nothing but the package${online ? '' : ' (skipped: npm reaches no registry)'}`,
  { retry: 0, timeout: 180_000 },
  () => {
    const outsider = new Outsider();
    let tarball = '';
    let plugin = '';
    beforeAll(() => {
      tarball = outsider.pack();
      mkdirSync(join(outsider.folder, 'plugins'));
      mkdirSync(join(outsider.folder, 'proxy'));
    }, 180_000);
    afterAll(() => {
      const place = process.env['JOURNEY_TRANSCRIPT'];
      if (place !== undefined) writeFileSync(place, outsider.transcript);
      outsider.leave();
    });

    test('the package is small, and has what a user needs and nothing else', () => {
      const made = join(outsider.folder, 'package');
      expect(sizeOf(made)).toBeLessThan(LARGEST);
      const files = readdirSync(made, { recursive: true, encoding: 'utf8' });
      expect(files.filter((file) => /\.map$|(?<!\.d)(?<!templates.*)\.ts$|\.test\.|node_modules/.test(file))).toEqual(
        files.filter((file) => file.startsWith('templates/') && file.endsWith('.test.ts')),
      );
      expect(readdirSync(made).toSorted()).toEqual(
        expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'package.json', 'templates']) as unknown,
      );
      expect(readFileSync(join(made, 'dist/core/cli/main.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    });

    test('it installs and runs', () => {
      outsider.write('proxy/package.json', '{ "private": true }\n');
      const installed = outsider.run('proxy', 'npm', 'install', tarball);
      expect(installed.code).toBe(0);
      // koffi asks npm for permission to run a script that it does not need: its binaries are packages.
      const warnings = installed.err
        .split('\n')
        .filter((line) => /warn/i.test(line) && !/install-scripts|nodedir/.test(line));
      expect(warnings).toEqual([]);
      const version = outsider.run('proxy', 'npx', 'sluice', '-vv');
      expect(version.code).toBe(0);
      expect(version.out).toContain(`Sluice version ${manifest.version}`);
    });

    test('a plugin is made, tested and built', () => {
      // npm run has the folders of programs above in its path: sluice and typescript are installed once for all that follows.
      outsider.write('plugins/package.json', '{ "private": true, "type": "module" }\n');
      const made = outsider.run(
        'proxy',
        'npx',
        'sluice',
        'create-plugin',
        'greeter',
        '--dir',
        '../plugins/greeter',
        '--sluice',
        tarball,
      );
      expect(made.code).toBe(0);
      plugin = 'plugins/greeter';
      expect(outsider.run(plugin, 'npm', 'install').code).toBe(0);
      const tested = outsider.run(plugin, 'npm', 'test');
      expect(tested.out + tested.err).toMatch(/# fail 0/);
      expect(tested.code).toBe(0);
      expect(outsider.run(plugin, 'npm', 'run', 'build').code).toBe(0);
      expect(existsSync(join(outsider.folder, plugin, 'dist/index.d.ts'))).toBe(true);
      expect(outsider.run(plugin, 'node_modules/.bin/sluice', 'plugin-readme', '--check').code).toBe(0);
      expect(outsider.run(plugin, 'node_modules/.bin/sluice', '-c', '-V', '-f', 'example/haproxy.cfg').out).toContain(
        'Configuration file is valid',
      );
    });

    test('it is packed, installed into another project, loaded by its name, and answers', async () => {
      const packed = outsider.packed(plugin);
      expect(outsider.run('proxy', 'npm', 'install', packed).code).toBe(0);
      const [port] = await freePorts(1);
      outsider.write(
        'proxy/haproxy.cfg',
        `global
    plugin-load sluice-plugin-greeter quiet
defaults
    mode http
    timeout client 5s
frontend web
    bind 127.0.0.1:${port}
    http-request return status 200 content-type text/plain lf-string "%[path,greeter-initials(/)]\\n"
`,
      );
      const listed = outsider.run('proxy', 'node_modules/.bin/sluice', 'plugins', '-f', 'haproxy.cfg');
      expect(listed.out).toContain('greeter (package sluice-plugin-greeter 0.1.0)');
      const proxy = new RunningProcess('node_modules/.bin/sluice', ['-f', 'haproxy.cfg'], {
        cwd: join(outsider.folder, 'proxy'),
      });
      try {
        await proxy.listening([port!]);
        expect(outsider.run('proxy', 'curl', '-s', `http://127.0.0.1:${port}/hello/world`).out).toBe('hw\n');
      } finally {
        await proxy.stop();
      }
    });

    test('the types of each entry resolve, whichever way a compiler looks for them', () => {
      const entries = Object.entries(manifest.exports).filter(([, { types }]) => types !== undefined);
      const names = entries.map(([path]) => `sluice${path.slice(1)}`);
      expect(names).toEqual(expect.arrayContaining(['sluice', 'sluice/plugin', 'sluice/testing']) as unknown);
      const folder = join(outsider.folder, plugin, 'types');
      mkdirSync(folder);
      const text = names.map((name, index) => `import * as entry${index} from '${name}';`).join('\n');
      writeFileSync(
        join(folder, 'use.mts'),
        `${text}
import { definePlugin } from 'sluice/plugin';
import { createProxy, type ProxyHandle } from 'sluice';
import { startProxy } from 'sluice/testing';
export const all = [${names.map((_, index) => `entry${index}`).join(', ')}];
export const proxy: Promise<ProxyHandle> = createProxy({ config: '', plugins: [definePlugin({ name: 'x', api: 1 })] });
export const status: Promise<number> = startProxy({ config: '' }).then(async (one) => (await one.request('/')).status);
// @ts-expect-error An option that there is not.
void createProxy({ konfig: '' });
`,
      );
      for (const [module, moduleResolution] of [
        ['nodenext', 'nodenext'],
        ['esnext', 'bundler'],
      ]) {
        const options = `--ignoreConfig --noEmit --strict --target es2023 --types node --skipLibCheck false`;
        const search = `--module ${module} --moduleResolution ${moduleResolution}`;
        const words = `${options} ${search} types/use.mts`.split(' ');
        const checked = outsider.run(plugin, 'node_modules/.bin/tsc', ...words);
        expect(checked.out).toBe('');
        expect(checked.code).toBe(0);
      }
    });

    test.each(EXAMPLES)('the example plugin %s is tested, packed, installed and runs', async (name) => {
      // Within the folder that has sluice and a compiler installed.
      const place = join(plugin, 'examples', name);
      cpSync(join(ROOT, 'examples/plugins', name), join(outsider.folder, place), { recursive: true });
      const { dependencies = {} } = JSON.parse(readFileSync(join(outsider.folder, place, 'package.json'), 'utf8')) as {
        dependencies?: Record<string, string>;
      };
      const wanted = Object.entries(dependencies).map(([dependency, range]) => `${dependency}@${range}`);
      if (wanted.length > 0) expect(outsider.run(plugin, 'npm', 'install', '--no-save', ...wanted).code).toBe(0);
      const tested = outsider.run(place, 'npm', 'test');
      expect(tested.out + tested.err).toMatch(/# fail 0/);
      expect(tested.code).toBe(0);
      const packed = outsider.packed(place);
      expect(outsider.run('proxy', 'npm', 'install', packed).code).toBe(0);
      const listed = outsider.run(
        'proxy',
        'node_modules/.bin/sluice',
        'plugins',
        '-f',
        `node_modules/sluice-plugin-${name}/example/haproxy.cfg`,
        '--json',
      );
      const found = (JSON.parse(listed.out) as { name: string; package: string }[]).find((one) => one.name === name);
      expect(found?.package ?? listed.err).toBe(`sluice-plugin-${name}`);
    });

    test('it runs on the newest Node, too', () => {
      const checked = outsider.run('proxy', 'npx', '-y', 'node@26', 'node_modules/sluice/dist/core/cli/main.js', '-vv');
      expect(checked.err.replaceAll(/^npm .*\n/gm, '')).toBe('');
      expect(checked.out).toMatch(/Running on: Node\.js v26\./);
      const run = outsider.run(
        'proxy',
        'npx',
        '-y',
        'node@26',
        'node_modules/sluice/dist/core/cli/main.js',
        '-c',
        '-V',
        '-f',
        'haproxy.cfg',
      );
      expect(run.out).toContain('Configuration file is valid');
    });
  },
);
