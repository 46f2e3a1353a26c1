import type { Plugin } from '../api/index.ts';
import balance from '../../plugins/balance/index.ts';
import checkProtocols from '../../plugins/checks/protocols/index.ts';
import checks from '../../plugins/checks/index.ts';
import compression from '../../plugins/compression/index.ts';
import converters from '../../plugins/converters/index.ts';
import errors from '../../plugins/errors/index.ts';
import fetches from '../../plugins/fetches/index.ts';
import filters from '../../plugins/filters/index.ts';
import forwarding from '../../plugins/forwarding/index.ts';
import httpRules from '../../plugins/http-rules/index.ts';
import listeners from '../../plugins/listeners/index.ts';
import matching from '../../plugins/matching/index.ts';
import logging from '../../plugins/logging/index.ts';
import spoe from '../../plugins/spoe/index.ts';
import persistence from '../../plugins/persistence/index.ts';
import processPlugin from '../../plugins/process/index.ts';
import proxy from '../../plugins/proxy/index.ts';
import runtimeApi from '../../plugins/runtime-api/index.ts';
import servers from '../../plugins/servers/index.ts';
import tcpRules from '../../plugins/tcp-rules/index.ts';
import cache from '../../plugins/cache/index.ts';
import lua from '../../plugins/lua/index.ts';

/** The plugins that come with the program. The one file of core/ that imports plugins/. */
export const stockPlugins: readonly Plugin[] = [
  processPlugin,
  proxy,
  listeners,
  servers,
  balance,
  checkProtocols,
  checks,
  forwarding,
  filters,
  errors,
  httpRules,
  tcpRules,
  fetches,
  converters,
  matching,
  logging,
  persistence,
  compression,
  cache,
  lua,
  runtimeApi,
  spoe,
];
