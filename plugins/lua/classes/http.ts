import { classKey, type ClassKey } from '../class-key.ts';
import type { Txn } from './txn.ts';

/** `txn.http`. */
export interface Http {
  readonly txn: Txn;
}

export const HTTP: ClassKey<Http> = classKey('HTTP');
