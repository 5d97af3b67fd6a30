/** How many decimal digits a revision has. */
export function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}

/** Writes a revision in decimal, without a string between; returns the offset after it. */
export function writeDigits(target: Uint8Array, { offset, value }: { readonly offset: number; readonly value: number }): number {
  const end = offset + digitsOf(value);
  let rest = value;
  for (let at = end - 1; at >= offset; at--) {
    const shorter = Math.floor(rest / 10);
    target[at] = 0x30 + (rest - shorter * 10);
    rest = shorter;
  }
  return end;
}
