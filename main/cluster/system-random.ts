import { randomBytes, randomUUID } from 'node:crypto';
import type { Random } from '../../kube/apimachinery/random.ts';

/** The operating system's randomness. */
export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (size) => randomBytes(size),
  uuid: () => randomUUID(),
};
