/**
 * What was used last: at least `size` entries and at most twice as many. When the younger half is full, the older half is forgotten.
 *
 *     size 2:   set a, set b → [a b] []      get a, set c → [c] [a b] → a is used again → [c a] [a b]      set d → [d] [c a]
 */
export class RecentMap<K, V> {
  readonly #size: number;
  #younger = new Map<K, V>();
  #older = new Map<K, V>();

  constructor(size: number) {
    this.#size = size;
  }

  get(key: K): V | undefined {
    const value = this.#younger.get(key);
    if (value !== undefined) return value;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: K, value: V): void {
    if (this.#younger.size >= this.#size && !this.#younger.has(key)) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(key, value);
  }
}
