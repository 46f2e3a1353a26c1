import type { Library } from '../world.ts';
import { channels } from './channel.ts';
import { concat } from './concat.ts';
import { eventSubs } from './event-sub.ts';
import { filters } from './filter.ts';
import { httpClient } from './http-client.ts';
import { httpMessages } from './http-message.ts';
import { listeners } from './listener.ts';
import { mailers } from './mailers.ts';
import { map } from './map.ts';
import { patrefs } from './patref.ts';
import { proxies } from './proxy.ts';
import { queues } from './queue.ts';
import { regexes } from './regex.ts';
import { servers } from './server.ts';
import { socket } from './socket.ts';
import { stickTables } from './stick-table.ts';
import { txnChannels } from './txn-channels.ts';

/** The classes of HAProxy's objects. */
export const classes: readonly Library[] = [
  concat,
  regexes,
  map,
  queues,
  socket,
  httpClient,
  servers,
  listeners,
  proxies,
  stickTables,
  mailers,
  eventSubs,
  patrefs,
  channels,
  httpMessages,
  filters,
  txnChannels,
];
