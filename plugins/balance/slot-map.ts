/** The servers of one weight: they take turns among themselves. */
interface Rank {
  readonly weight: number;
  /** Their indexes, ascending. */
  readonly members: number[];
  /** Whose turn it is. */
  next: number;
  /** Whole slots that are due to each so far, less those that the next one has been given. */
  credit: number;
  /** What has not made up another whole slot, in parts of the total. */
  rest: number;
}

/**
 * The static map that HAProxy spreads hashes over, and goes through in turn (found by measuring it): as many slots as the
 * weights sum up to. Slot n, counted from 1, goes to the server with the greatest `floor(weight × n / total) - given`, to the
 * first of those alike. Gives the index of a server for each slot; costs a step per slot and distinct weight.
 */
export function slotMap(weights: readonly number[]): Uint32Array {
  const ranks = rank(weights);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const map = new Uint32Array(total);
  for (let slot = 0; slot < total; slot++) {
    let best = ranks[0]!;
    for (const one of ranks) {
      one.rest += one.weight;
      if (one.rest >= total) {
        one.rest -= total;
        one.credit++;
      }
      if (one.credit < best.credit) continue;
      if (one.credit > best.credit || one.members[one.next]! < best.members[best.next]!) best = one;
    }
    map[slot] = best.members[best.next]!;
    if (++best.next === best.members.length) {
      best.next = 0;
      best.credit--;
    }
  }
  return map;
}

function rank(weights: readonly number[]): Rank[] {
  const ranks = new Map<number, Rank>();
  weights.forEach((weight, index) => {
    const known = ranks.get(weight);
    if (known === undefined) ranks.set(weight, { weight, members: [index], next: 0, credit: 0, rest: 0 });
    else known.members.push(index);
  });
  return [...ranks.values()];
}
