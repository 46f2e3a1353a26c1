import type { DirectiveKeyword, Scope, Words } from 'sluice/plugin';
import { demand } from '../proxy/place.ts';

const FORBIDDEN = /[^A-Za-z0-9._:-]/;

function checkName(name: string, words: Words): void {
  const bad = FORBIDDEN.exec(name);
  if (bad) words.fail(`character '${bad[0]}' is not permitted in server name '${name}'.`);
}

function checkDistinct(name: string, words: Words, scope: Scope): void {
  const other = scope.proxy.servers.find((server) => server.name === name);
  if (other)
    words.fail(
      `${scope.proxy.kind} '${scope.proxy.name}', another server named '${name}' was already defined at line ` +
        `${other.line}, please use distinct names.`,
    );
}

/** Refuses what can be no server's address; the kernel reads the rest. */
function checkAddress(text: string, words: Words): void {
  const refuse = (why: string): never => words.fail(`'${words.keyword}' : ${why} in '${text}'`);
  const family = /^([a-z0-9+]+)@/.exec(text)?.[1];
  if (family === 'fd') refuse('a file descriptor is not acceptable here');
  if (family !== undefined && /^(udp[46]?|quic[46]|dgram)$/.test(family)) refuse('dgram-type address not acceptable');
  if (family !== undefined && /^(sockpair|rhttp|abnsz|mptcp[46]?)$/.test(family))
    refuse(`addresses of kind '${family}@' are not built yet`);
  if (family !== undefined && !/^(ipv[46]|tcp[46]?|unix|abns|stream\+(ipv[46]|unix|abns))$/.test(family))
    refuse(`unknown address family '${family}@'`);
  if (/^(?:unix@|abns@|stream\+(?:unix|abns)@|\/)/.test(text)) return;
  const port = /:([+-]?\d+)(-\d+)?$/.exec(text);
  if (port?.[2]) refuse('port range not permitted here');
  if (port && Math.abs(Number(port[1])) > 65535) refuse(`invalid port '${port[1]}'`);
}

export const server: DirectiveKeyword = {
  usage: 'server <name> <address>[:<port>] [ <word> … ]',
  summary: 'A server of the backend.',
  in: ['frontend', 'backend'],
  parse(words: Words, scope: Scope) {
    demand('backend', words, scope);
    const name = words.next('a server name');
    checkName(name, words);
    checkDistinct(name, words, scope);
    const address = words.next('an address');
    checkAddress(address, words);
    const made = scope.newServer(name, address, words);
    scope.serverWords(made, words);
    scope.proxy.servers.push(made);
  },
};

export const defaultServer: DirectiveKeyword = {
  usage: 'default-server [ <word> … ]',
  summary: 'What the servers after this line start from.',
  in: ['defaults', 'frontend', 'backend'],
  parse(words: Words, scope: Scope) {
    demand('backend', words, scope);
    const word = words.peek();
    if (word === 'name' || word === 'from') {
      words.next(word);
      words.fail(`'default-server ${word}' is not built yet`);
    }
    scope.serverWords(scope.proxy.defaultServer, words, true);
  },
};

export const serverTemplate: DirectiveKeyword = {
  usage: 'server-template <prefix> { <number> | <low>-<high> } <address>[:<port>] [ <word> … ]',
  summary: 'Several servers of one kind, named by the prefix and a number.',
  in: ['frontend', 'backend'],
  parse(words: Words, scope: Scope) {
    demand('backend', words, scope);
    const prefix = words.next('a prefix');
    checkName(prefix, words);
    const text = words.next('a number or a range');
    const range = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
    const low = range?.[2] === undefined ? 1 : Number(range[1]);
    const high = Number(range?.[2] ?? range?.[1] ?? 0);
    if (!range || high < 1 || low > high) words.fail(`Wrong server-template number or range arg '${text}'.`);
    const address = words.next('an address');
    checkAddress(address, words);
    const model = scope.newServer(`${prefix}${low}`, address, words);
    scope.serverWords(model, words);
    for (let number = low; number <= high; number += 1) {
      const name = `${prefix}${number}`;
      checkDistinct(name, words, scope);
      const made = scope.newServer(name, address, words, model);
      made.id = model.id === undefined ? undefined : model.id + number - low;
      scope.proxy.servers.push(made);
    }
  },
};
