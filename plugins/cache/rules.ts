import type { Action, ActionKeyword, Proxy, Scope, Transaction, Verdict, Words } from 'sluice/plugin';
import { secondsOf } from './dates.ts';
import { record, sectionOfRule } from './filter.ts';
import { hintsOf, sendHints } from './early-hints.ts';
import { fieldsOf } from './fields.ts';
import { onHaproxyResponse, storeHaproxy, useHaproxy } from './haproxy-mode.ts';
import { type Lookup, lookupOf } from './lookup.ts';
import { onFailure, onResponse } from './rfc-response.ts';
import { storeRfc } from './rfc-store.ts';
import { purgeAction } from './purge.ts';
import { useRfc } from './rfc-use.ts';
import type { CacheSection } from './settings.ts';

function use(
  transaction: Transaction,
  section: CacheSection,
  action: Action,
  hints: boolean,
): Verdict | Promise<Verdict> {
  const { settings } = section;
  const verdict = settings.rfc9111 ? useRfc(transaction, section, action) : useHaproxy(transaction, section);
  if (!hints || settings.earlyHints === 'off' || verdict instanceof Promise || verdict !== undefined) return verdict;
  const lookup = lookupOf(transaction);
  if (lookup?.section === section && lookup.purpose === 'get') sendHints(transaction, section, lookup.key);
  return undefined;
}

function store(transaction: Transaction, section: CacheSection): void {
  const lookup = lookupOf(transaction);
  if (transaction.stored !== null || lookup === undefined || lookup.section !== section) return;
  // A second `cache-store` finds it being stored.
  if (lookup.recorder !== undefined) return;
  if (section.settings.earlyHints !== 'only') {
    if (section.settings.rfc9111) storeOrReplace(transaction, lookup);
    else storeHaproxy(transaction, lookup);
  }
  remember(transaction, section, lookup);
  if (beingStored(lookup)) record(transaction, section);
}

/** Asked anew: what stores it says so in the lookup. */
function beingStored(lookup: Lookup): boolean {
  return lookup.recorder !== undefined;
}

/** What is newer and may not be kept ends what was kept before: the origin has changed its mind. */
function storeOrReplace(transaction: Transaction, lookup: Lookup): void {
  const refused = storeRfc(transaction, lookup);
  lookup.refused = refused;
  const { stale, purpose, section } = lookup;
  if (refused === undefined || refused === 'request' || stale === undefined || purpose !== 'get') return;
  if (transaction.response!.status < 400) section.store.remove(stale);
}

/** Keeps the early hints of what is stored, or would be. */
function remember(transaction: Transaction, section: CacheSection, lookup: Lookup): void {
  const { earlyHints } = section.settings;
  if (earlyHints === 'off' || lookup.purpose !== 'get' || lookup.noStore || lookup.authorized) return;
  const response = transaction.response!;
  if (response.status !== 200 || (earlyHints === 'on' && lookup.recorder === undefined)) return;
  section.store.hints.set(lookup.key, hintsOf(fieldsOf(response.headers)));
}

/** A server's response head is there. */
function responded(transaction: Transaction, _proxy: Proxy): Verdict {
  return onHaproxyResponse(transaction) ?? onResponse(transaction);
}

/** All `http-response` rules have passed: who waits for a response that is not being stored waits in vain. */
function passed(transaction: Transaction, _proxy: Proxy): Verdict {
  const lookup = lookupOf(transaction);
  if (lookup === undefined) return undefined;
  const { section, flight } = lookup;
  if (flight !== undefined && lookup.recorder === undefined) {
    lookup.flight = undefined;
    section.store.flights.pass(flight.key, secondsOf(transaction) + section.settings.passTime);
    flight.end('refused');
  }
  const { cacheStatus } = section.settings;
  if (cacheStatus !== undefined) {
    const why = lookup.refused === undefined ? '' : `; detail=${lookup.refused}`;
    const stored = lookup.recorder === undefined ? why : '; stored';
    const collapsed = lookup.collapsed ? '; collapsed=?0' : '';
    const status = `${cacheStatus}; fwd=${lookup.forwarded}; fwd-status=${transaction.response!.status}`;
    transaction.response!.headers.add('cache-status', status + stored + collapsed);
  }
  return undefined;
}

function failed(transaction: Transaction, _proxy: Proxy): Verdict {
  return onFailure(transaction);
}

function hook(scope: Scope): void {
  scope.proxy.onResponse(responded);
  scope.proxy.afterResponseRules(passed);
  scope.proxy.onFailure(failed);
}

function cacheName(words: Words): string {
  const name = words.peek();
  if (name === undefined || name === 'if' || name === 'unless') words.fail('expects a cache name.');
  return words.next('a cache name');
}

/** configuration.txt 4.4, cache-use and cache-store. */
export const actions: Record<string, ActionKeyword> = {
  'cache-use': {
    usage: 'cache-use <name> [ no-early-hints ]',
    summary: 'Answers from the cache, or lets cache-store keep the answer of the server.',
    in: ['http-request'],
    parse(words, scope) {
      const name = cacheName(words);
      const hints = words.optional('no-early-hints') === undefined;
      const found = sectionOfRule(words, scope, name);
      hook(scope);
      const action: Action = { run: (transaction) => use(transaction, found.section!, action, hints) };
      return action;
    },
  },
  'cache-purge': purgeAction,
  'cache-store': {
    usage: 'cache-store <name>',
    summary: 'Keeps the response in the cache, its head as the rules have made it so far.',
    in: ['http-response'],
    parse(words, scope) {
      const found = sectionOfRule(words, scope, cacheName(words));
      hook(scope);
      return { run: (transaction) => store(transaction, found.section!) };
    },
  },
};
