/** A binary heap with removal by key. The least item, by `compare`, is on top. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #index = new Map<string, number>();
  readonly #keyOf: (item: T) => string;
  readonly #compare: (a: T, b: T) => number;

  constructor(options: { readonly keyOf: (item: T) => string; readonly compare: (a: T, b: T) => number }) {
    this.#keyOf = options.keyOf;
    this.#compare = options.compare;
  }

  get size(): number {
    return this.#items.length;
  }

  get(key: string): T | undefined {
    const index = this.#index.get(key);
    return index === undefined ? undefined : this.#items[index];
  }

  values(): readonly T[] {
    return this.#items;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  /** Adds, or replaces the item of the same key. */
  push(item: T): void {
    const known = this.#index.get(this.#keyOf(item));
    const index = known ?? this.#items.length;
    this.#set(index, item);
    this.#down(this.#up(index));
  }

  pop(): T | undefined {
    const top = this.#items[0];
    if (top !== undefined) this.delete(this.#keyOf(top));
    return top;
  }

  delete(key: string): T | undefined {
    const index = this.#index.get(key);
    if (index === undefined) return undefined;
    const item = this.#items[index];
    const last = this.#items.pop() as T;
    this.#index.delete(key);
    if (index < this.#items.length) {
      this.#set(index, last);
      this.#down(this.#up(index));
    }
    return item;
  }

  #set(index: number, item: T): void {
    this.#items[index] = item;
    this.#index.set(this.#keyOf(item), index);
  }

  #less(a: number, b: number): boolean {
    return this.#compare(this.#items[a] as T, this.#items[b] as T) < 0;
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a] as T;
    this.#set(a, this.#items[b] as T);
    this.#set(b, item);
  }

  #up(start: number): number {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#less(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
    return index;
  }

  #down(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      let least = index;
      if (left < this.#items.length && this.#less(left, least)) least = left;
      if (left + 1 < this.#items.length && this.#less(left + 1, least)) least = left + 1;
      if (least === index) return;
      this.#swap(index, least);
      index = least;
    }
  }
}
