/** What plugins remember between the extension points of one pod's cycle, by plugin name. */
export class CycleState {
  readonly #data: Map<string, unknown>;
  /** Plugins whose Filter has nothing to check for this pod. */
  readonly skipFilter = new Set<string>();
  readonly skipScore = new Set<string>();

  constructor(data: ReadonlyMap<string, unknown> = new Map()) {
    this.#data = new Map(data);
  }

  read<T>(key: string): T | undefined {
    return this.#data.get(key) as T | undefined;
  }

  write(key: string, value: unknown): void {
    this.#data.set(key, value);
  }

  /** For a what-if: values with a `clone` method are cloned, others shared. */
  clone(): CycleState {
    const copy = new CycleState();
    for (const [key, value] of this.#data) copy.write(key, isCloneable(value) ? value.clone() : value);
    for (const name of this.skipFilter) copy.skipFilter.add(name);
    for (const name of this.skipScore) copy.skipScore.add(name);
    return copy;
  }
}

function isCloneable(value: unknown): value is { clone(): unknown } {
  return typeof value === 'object' && value !== null && 'clone' in value && typeof value.clone === 'function';
}
