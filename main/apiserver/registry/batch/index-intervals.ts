import { goQuote } from '../../../../kube/apimachinery/go-format.ts';

/** `1,3-5,7`: how many indexes, or what is wrong. Intervals ascend and stay below the completions. */
export function parseIndexes(text: string, completions: number): { readonly total: number; readonly error?: string } {
  if (text === '') return { total: 0 };
  let total = 0;
  let last: number | undefined;
  for (const part of text.split(',')) {
    const interval = parseInterval(part, completions);
    if ('error' in interval) return { total: 0, error: interval.error };
    if (last !== undefined && last >= interval.first) {
      return { total: 0, error: `non-increasing order, previous: ${last}, current: ${interval.first}` };
    }
    total += interval.last - interval.first + 1;
    last = interval.last;
  }
  return { total };
}

export function parseInterval(text: string, completions: number): { readonly first: number; readonly last: number } | { readonly error: string } {
  const limits = text.split('-');
  if (limits.length > 2) {
    return { error: `the fragment ${goQuote(text)} violates the requirement that an index interval can have at most two parts separated by '-'` };
  }
  const numbers: number[] = [];
  for (const limit of limits) {
    if (!/^\d+$/.test(limit)) return { error: `cannot convert string to integer for index: ${goQuote(limit)}` };
    if (Number(limit) >= completions) return { error: `too large index: ${goQuote(limit)}` };
    numbers.push(Number(limit));
  }
  const [first = 0, last = first] = numbers;
  if (limits.length > 1 && first >= last) return { error: `non-increasing order, previous: ${first}, current: ${last}` };
  return { first, last };
}

/** The first index that both lists have. */
export function overlap(completed: string, failed: string, completions: number): number | undefined {
  const intervals = (text: string) =>
    text.split(',').flatMap((part) => {
      const interval = parseInterval(part, completions);
      return 'error' in interval ? [] : [interval];
    });
  const failedIntervals = intervals(failed);
  for (const a of intervals(completed)) {
    for (const b of failedIntervals) if (a.first <= b.last && b.first <= a.last) return Math.max(a.first, b.first);
  }
  return undefined;
}
