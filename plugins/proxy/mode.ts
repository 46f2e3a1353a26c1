import type { DirectiveKeyword, Scope, Words } from 'sluice/plugin';
import { ANYWHERE, concerned } from './place.ts';

const NAMED: DirectiveKeyword['in'] = ['frontend', 'backend'];

export const proxyDescription: DirectiveKeyword = {
  usage: 'description <text>',
  summary: 'A line of text for the statistics page.',
  in: ANYWHERE,
  parse(words, scope) {
    const first = words.next('a text');
    words.notice(`'description' is for statistics, which are not built yet`);
    scope.proxy.settings.description = [first, ...words.rest()].join(' ');
  },
};

/** What a proxy is, and what it is called. configuration.txt 4.2. */
export const identity: Record<string, DirectiveKeyword> = {
  mode: {
    usage: 'mode { tcp | http | spop }',
    summary: 'Whether connections pass as they are or are read as HTTP; spop is for backends of SPOE agents.',
    in: ANYWHERE,
    parse(words: Words, scope: Scope) {
      const mode = words.next('tcp or http');
      if (mode === 'health')
        words.fail(`'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead.`);
      if (mode === 'log' || mode === 'haterm') words.fail(`'mode ${mode}' is not built yet`);
      if (mode !== 'tcp' && mode !== 'http' && mode !== 'spop') words.unknown('proxy mode', ['tcp', 'http', 'spop']);
      words.end();
      scope.proxy.settings.mode = mode;
      if (mode === 'spop')
        scope.later((names) => {
          const front = concerned(scope, names.proxies).find(
            (proxy) => proxy.isFrontend && proxy.settings.mode === mode,
          );
          if (front) words.fail(`'mode spop' is for backends only, and not for ${front.kind} '${front.name}'`);
        });
    },
  },
  id: {
    usage: 'id <number>',
    summary: 'The number statistics show for the proxy; the first free one otherwise.',
    in: NAMED,
    parse(words, scope) {
      const id = words.integer('a number greater than 0', { min: 1, max: 2147483647 });
      words.end();
      scope.proxy.id = id;
      scope.later((names) => {
        const other = names.proxies.find((proxy) => proxy !== scope.proxy && proxy.id === id);
        if (other && other.line < scope.proxy.line)
          words.fail(`${scope.proxy.kind} '${scope.proxy.name}' reuses the id ${id} of ${other.kind} '${other.name}'`);
      });
    },
  },
  guid: {
    usage: 'guid <string>',
    summary: 'An identifier of the proxy that no other object has.',
    in: NAMED,
    parse(words, scope) {
      const guid = words.next('an identifier');
      if (guid.length > 127 || !/^[A-Za-z0-9.:_-]+$/.test(guid))
        words.fail(`'${guid}' is no guid: at most 127 letters, digits, '.', ':', '-' and '_'`);
      words.end();
      words.notice(`'guid' is for statistics, which are not built yet`);
      scope.proxy.settings.guid = guid;
      scope.later((names) => {
        const other = names.proxies.find((proxy) => proxy !== scope.proxy && proxy.settings.guid === guid);
        if (other) words.fail(`the guid '${guid}' is that of ${other.kind} '${other.name}' too`);
      });
    },
  },
  disabled: {
    usage: 'disabled',
    summary: 'Reads and checks the proxy but does not run it.',
    in: ANYWHERE,
    parse(words, scope) {
      words.end();
      scope.proxy.settings.disabled = true;
    },
  },
  enabled: {
    usage: 'enabled',
    summary: "Runs the proxy although its defaults section says 'disabled'.",
    in: ANYWHERE,
    parse(words, scope) {
      words.end();
      scope.proxy.settings.disabled = false;
    },
  },
};
