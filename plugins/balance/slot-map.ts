import { Heap, type Heaped } from './heap.ts';

/** How many slots a server has been given beyond its due share so far, at the slot in question. */
interface Claim extends Heaped {
  readonly index: number;
  readonly weight: number;
  given: number;
  /** Whole slots due so far, less those given. */
  credit: number;
}

const ahead = (a: Claim, b: Claim): boolean => (a.credit === b.credit ? a.index < b.index : a.credit > b.credit);

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/**
 * The static map that HAProxy spreads hashes over, and goes through in turn (found by measuring it): as many slots as the
 * weights sum up to when what they have in common is divided out. Slot n, counted from 1, goes to the server with the greatest
 * `floor(weight × n / total) - given`, to the first of those alike. Gives the index of a server for each slot.
 */
export function slotMap(weights: readonly number[]): Uint32Array {
  const common = weights.reduce(divisor, 0) || 1;
  const total = weights.reduce((sum, weight) => sum + weight, 0) / common;
  const map = new Uint32Array(total);
  if (total === weights.length) return map.map((_, slot) => slot);
  const claims = weights.map((weight, index): Claim => ({
    index,
    weight: weight / common,
    given: 0,
    credit: 0,
    slot: -1,
  }));
  const heap = new Heap(ahead);
  for (const claim of claims) heap.add(claim);
  // A claim's credit grows by one at the slots ceil(k × total / weight) only: it is looked at then.
  const due: (Claim[] | undefined)[] = [];
  const nextCredit = (claim: Claim, k: number): void => {
    if (k > claim.weight) return;
    const at = Math.ceil((k * total) / claim.weight);
    (due[at] ??= []).push(claim);
  };
  for (const claim of claims) nextCredit(claim, 1);
  for (let slot = 1; slot <= total; slot++) {
    for (const claim of due[slot] ?? []) {
      claim.credit++;
      heap.moved(claim);
      nextCredit(claim, claim.given + claim.credit + 1);
    }
    due[slot] = undefined;
    const best = heap.first!;
    map[slot - 1] = best.index;
    best.given++;
    best.credit--;
    heap.moved(best);
  }
  return map;
}
