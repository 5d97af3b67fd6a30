/** Field paths as upstream writes them: `spec.containers[0].image`, `metadata.labels[app]`. The root is ''. */

export function childPath(path: string, ...names: readonly string[]): string {
  return names.reduce((parent, name) => (parent === '' ? name : `${parent}.${name}`), path);
}

/** An index into a list. */
export function indexPath(path: string, index: number): string {
  return `${path}[${index}]`;
}

/** A key of a map. */
export function keyPath(path: string, key: string): string {
  return `${path}[${key}]`;
}
