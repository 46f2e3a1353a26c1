import type { Library } from './world.ts';

/** What a state gets before its first script runs, in this order; one entry for each subject. */
export const libraries: readonly Library[] = [];
