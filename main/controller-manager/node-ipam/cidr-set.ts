/**
 * Hands out equal slices of one IPv4 range. Example: 10.244.0.0/16 in /24 slices: 10.244.0.0/24, 10.244.1.0/24, … 256 of them.
 * Slices are taken round robin, as upstream does, so that a freed one is not reused at once.
 */
export class CidrSet {
  readonly #base: number;
  readonly #sliceSize: number;
  readonly #maskSize: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  constructor(cidr: string, maskSize: number) {
    const { address, prefix } = parseCidr(cidr);
    this.#base = address;
    this.#maskSize = maskSize;
    this.#sliceSize = 2 ** (32 - maskSize);
    this.#count = 2 ** (maskSize - prefix);
  }

  /** Undefined when all slices are taken. */
  allocate(): string | undefined {
    for (let i = 0; i < this.#count; i++) {
      const index = (this.#next + i) % this.#count;
      if (this.#used.has(index)) continue;
      this.#used.add(index);
      this.#next = index + 1;
      return `${formatAddress(this.#base + index * this.#sliceSize)}/${this.#maskSize}`;
    }
    return undefined;
  }

  occupy(cidr: string): void {
    const index = this.#indexOf(cidr);
    if (index !== undefined) this.#used.add(index);
  }

  release(cidr: string): void {
    const index = this.#indexOf(cidr);
    if (index !== undefined) this.#used.delete(index);
  }

  #indexOf(cidr: string): number | undefined {
    const index = Math.floor((parseCidr(cidr).address - this.#base) / this.#sliceSize);
    return index >= 0 && index < this.#count ? index : undefined;
  }
}

function parseCidr(cidr: string): { readonly address: number; readonly prefix: number } {
  const [address = '', prefix = '32'] = cidr.split('/');
  const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return { address: value, prefix: Number(prefix) };
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
