/** The whole of what a plugin may import. Types and tiny pure helpers: nothing here holds state. */
export * from './commands.ts';
export * from './expression.ts';
export * from './filters.ts';
export * from './health.ts';
export * from './hooks.ts';
export * from './keywords.ts';
export * from './plugin-options.ts';
export * from './plugin.ts';
export * from './reasons.ts';
export * from './settings.ts';
export * from './traffic.ts';
export * from './values.ts';
export * from './words.ts';
export { type StoredFraming, type StoredParts, StoredResponse } from '../http/stored-response.ts';
export { Heap, type Heaped } from '../upstream/heap.ts';
