import { classes } from './classes/index.ts';
import { replies } from './classes/reply.ts';
import { applets } from './library/applets.ts';
import { dates } from './library/dates.ts';
import { http } from './library/http.ts';
import { information } from './library/information.ts';
import { lists } from './library/lists.ts';
import { logs } from './library/logs.ts';
import { notBuilt } from './library/not-built.ts';
import { registration } from './library/registration.ts';
import { samples } from './library/samples.ts';
import { scheduling } from './library/scheduling.ts';
import { texts } from './library/texts.ts';
import { transactions } from './library/transactions.ts';
import type { Library } from './world.ts';

/** What a state gets before its first script runs, in this order. */
export const libraries: readonly Library[] = [
  logs,
  scheduling,
  registration,
  dates,
  texts,
  lists,
  information,
  samples,
  http,
  replies,
  transactions,
  applets,
  notBuilt,
  ...classes,
];
