import type { Random } from '../../../../kube/apimachinery/random.ts';

/** Upstream's alphabet: no vowels and nothing that looks like one, so that no word comes out. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_NAME_LENGTH = 63;

export function randomSuffix(random: Random, length = SUFFIX_LENGTH): string {
  let suffix = '';
  for (let index = 0; index < length; index++) suffix += ALPHABET.charAt(Math.floor(random.next() * ALPHABET.length));
  return suffix;
}

/** `web-` becomes `web-x7k2p`; a long base is cut so that the name fits a label. */
export function generateName(random: Random, base: string): string {
  return base.slice(0, MAX_NAME_LENGTH - SUFFIX_LENGTH) + randomSuffix(random);
}
