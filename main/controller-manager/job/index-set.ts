/** Completion indexes as the status writes them: `0-2,4` is 0, 1, 2 and 4. */
export function parseIndexes(text: string | undefined): Set<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? '').split(',')) {
    if (part === '') continue;
    const [first, last = first] = part.split('-').map(Number);
    for (let index = first ?? 0; index <= (last ?? 0); index++) indexes.add(index);
  }
  return indexes;
}

/** Two neighbours are written `3,4`, three or more `3-5`, as upstream does. */
export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (end + 1 < sorted.length && sorted[end + 1] === (sorted[end] ?? 0) + 1) end++;
    const [first, last] = [sorted[i], sorted[end]];
    parts.push(end === i ? `${first}` : end === i + 1 ? `${first},${last}` : `${first}-${last}`);
    i = end + 1;
  }
  return parts.join(',');
}
