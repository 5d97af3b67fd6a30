/** Hands out node ports. Dynamic ones come from the upper part first, as upstream does. */
export class PortAllocator {
  readonly first: number;
  readonly last: number;
  readonly #taken = new Set<number>();
  readonly #random: () => number;

  constructor({ first, last }: { readonly first: number; readonly last: number }, random: () => number) {
    this.first = first;
    this.last = last;
    this.#random = random;
  }

  get used(): number {
    return this.#taken.size;
  }
  get free(): number {
    return this.last - this.first + 1 - this.#taken.size;
  }

  contains(port: number): boolean {
    return port >= this.first && port <= this.last;
  }
  isTaken(port: number): boolean {
    return this.#taken.has(port);
  }
  take(port: number): void {
    this.#taken.add(port);
  }
  release(port: number): void {
    this.#taken.delete(port);
  }

  /** Undefined when none is left. Does not take it. */
  findFree(except: ReadonlySet<number>): number | undefined {
    const size = this.last - this.first + 1;
    const reserved = size < 32 ? 0 : Math.min(128, Math.max(16, Math.floor(size / 32)));
    return this.#findIn(this.first + reserved, this.last, except) ?? this.#findIn(this.first, this.first + reserved - 1, except);
  }
  #findIn(first: number, last: number, except: ReadonlySet<number>): number | undefined {
    const count = last - first + 1;
    const start = Math.floor(this.#random() * Math.max(0, count));
    for (let step = 0; step < count; step++) {
      const port = first + ((start + step) % count);
      if (!this.#taken.has(port) && !except.has(port)) return port;
    }
    return undefined;
  }
}
