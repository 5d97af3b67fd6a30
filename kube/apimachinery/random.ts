/** Randomness as a value that can be handed in, so that a run can be replayed from one seed. */
export interface Random {
  /** A float in [0, 1). */
  next(): number;
  /** size random bytes. */
  bytes(size: number): Uint8Array;
  /** An RFC 4122 version 4 UUID, lower case. */
  uuid(): string;
}
