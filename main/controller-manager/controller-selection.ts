/**
 * Which controllers run, as upstream's --controllers=LIST: `*` all, `NAME` that one, `-NAME` all but that one; the first match decides, and without `*` only
 * what is named runs.
 */
export function isControllerEnabled(name: string, selection: readonly string[]): boolean {
  for (const entry of selection) {
    if (entry === name) return true;
    if (entry === `-${name}`) return false;
  }
  return selection.includes('*');
}

/** The entries that name no controller. */
export function unknownControllers(selection: readonly string[], known: readonly string[]): readonly string[] {
  return selection.map((entry) => entry.replace(/^-/, '')).filter((name) => name !== '*' && !known.includes(name));
}
