/** Members that are null left out; the same value when there is none. */
export function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      const clean = withoutNulls(item);
      if (clean !== item) (copy ??= [...value])[index] = clean;
    }
    return copy ?? value;
  }
  const source = value as Record<string, unknown>;
  let copy: Record<string, unknown> | undefined;
  for (const key in source) {
    const member = source[key];
    const clean = withoutNulls(member);
    if (clean === member && member !== null) continue;
    copy ??= { ...source };
    if (member === null) delete copy[key];
    else copy[key] = clean;
  }
  return copy ?? value;
}
