import { createHash } from 'node:crypto';

/**
 * The hand of queues that a flow is dealt (upstream: util/shufflesharding): a few out of many, so that a flow which fills its queues shares
 * them all with hardly any other. `deckSize` queues, `handSize` of them, the hash of the flow as the source of chance.
 */
export function dealHand({ schema, distinguisher }: { readonly schema: string; readonly distinguisher: string }, { deckSize, handSize }: { readonly deckSize: number; readonly handSize: number }): readonly number[] {
  let entropy = createHash('sha256').update(`${schema}\0${distinguisher}`).digest().readBigUInt64LE(0);
  const drawn: number[] = [];
  for (let i = 0; i < handSize; i++) {
    const left = BigInt(deckSize - i);
    drawn.push(Number(entropy % left));
    entropy /= left;
  }
  // The i-th draw is from the cards that are left: it counts past each one that went before it.
  return drawn.map((card, i) => {
    let result = card;
    for (let j = i - 1; j >= 0; j--) if (result >= (drawn[j] as number)) result++;
    return result;
  });
}
