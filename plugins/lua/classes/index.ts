import type { Library } from '../world.ts';
import { concat } from './concat.ts';
import { httpClient } from './http-client.ts';
import { map } from './map.ts';
import { queues } from './queue.ts';
import { regexes } from './regex.ts';
import { socket } from './socket.ts';

/** The classes of HAProxy's objects. */
export const classes: readonly Library[] = [concat, regexes, map, queues, socket, httpClient];
