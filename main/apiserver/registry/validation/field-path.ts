/**
 * A path that becomes text only when an error names it: validation runs on every write, and nearly every write is valid.
 * `new FieldPath('spec').child('containers').index(0).toString()` is `spec.containers[0]`.
 */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  readonly #segment: string | number;
  readonly #isKey: boolean;

  constructor(segment: string | number, parent?: FieldPath, isKey = false) {
    this.#segment = segment;
    this.#parent = parent;
    this.#isKey = isKey;
  }

  child(name: string): FieldPath {
    return new FieldPath(name, this);
  }
  index(index: number): FieldPath {
    return new FieldPath(index, this);
  }
  key(key: string): FieldPath {
    return new FieldPath(key, this, true);
  }

  toString(): string {
    const parent = this.#parent?.toString() ?? '';
    if (typeof this.#segment === 'number' || this.#isKey) return `${parent}[${this.#segment}]`;
    return parent === '' ? this.#segment : `${parent}.${this.#segment}`;
  }
}

/** The object itself; its children are the top-level fields. */
export const ROOT_PATH = new FieldPath('');
export const METADATA_PATH = new FieldPath('metadata');
export const SPEC_PATH = new FieldPath('spec');
export const STATUS_PATH = new FieldPath('status');
