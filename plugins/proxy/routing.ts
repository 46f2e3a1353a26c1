import type { DirectiveKeyword, Names, ProxyConfig, Words } from 'sluice/plugin';
import { ANYWHERE, concerned, lacks } from './place.ts';

/** Refuses the line unless `proxy` may hand its traffic to the backend `name`. */
function checkTarget(names: Names, proxy: ProxyConfig, name: string, words: Words, as: string): void {
  const target = names.proxy('backend', name);
  if (!target) words.fail(`Proxy '${proxy.name}': unable to find required ${words.keyword}: '${name}'.`);
  const mine = proxy.settings.mode;
  const its = target.settings.mode;
  // A TCP frontend may become HTTP in its backend; the other way round is impossible.
  if ((mine === 'http' && its === 'tcp') || its === 'spop')
    words.fail(
      `${mine} ${proxy.kind} '${proxy.name}' (${proxy.file}:${proxy.line}) tries to use incompatible ${its} ` +
        `${target.kind} '${target.name}' (${target.file}:${target.line}) ${as} (see 'mode').`,
    );
}

export const routing: Record<string, DirectiveKeyword> = {
  default_backend: {
    usage: 'default_backend <name>',
    summary: 'The backend of what no use_backend rule has claimed.',
    in: ANYWHERE,
    parse(words, scope) {
      const name = words.next('a backend name');
      words.end();
      if (lacks('frontend', words, scope)) return;
      scope.proxy.settings.defaultBackend = name;
      scope.later((names) => {
        for (const proxy of concerned(scope, names.proxies))
          if (proxy.isFrontend && proxy.settings.defaultBackend === name)
            checkTarget(names, proxy, name, words, 'as its default backend');
      });
    },
  },
  use_backend: {
    usage: 'use_backend <name or log-format> [ { if | unless } <condition> ]',
    summary: 'Sends the request to that backend if the condition holds; the first rule that applies wins.',
    in: ['frontend', 'backend'],
    parse(words, scope) {
      const text = words.next('a backend name');
      const name = scope.format(text, words, ['fe-use-backend']);
      const next = words.peek();
      if (next !== undefined && next !== 'if' && next !== 'unless') {
        words.next('if or unless');
        words.fail(`unexpected keyword '${next}' after switching rule, only 'if' and 'unless' are allowed.`);
      }
      const condition = scope.condition(words, ['fe-use-backend']);
      if (lacks('frontend', words, scope)) return;
      const { proxy } = scope;
      proxy.settings.useBackend.push({ name, condition, file: words.file, line: words.line });
      const { constant } = name;
      if (constant !== undefined)
        scope.later((names) => checkTarget(names, proxy, constant, words, "in a 'use_backend' rule"));
    },
  },
};
