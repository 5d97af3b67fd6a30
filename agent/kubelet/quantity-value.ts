const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/;

/** The number behind a resource quantity, in base units; 0 when absent. The API server has validated it. */
export function quantityValue(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  if (typeof quantity === 'number') return quantity;
  const match = QUANTITY.exec(quantity);
  if (match === null) return 0;
  const [, digits = '0', suffix = '', exponent] = match;
  return Number(digits) * (exponent === undefined ? (SUFFIXES[suffix] ?? 1) : 10 ** Number(exponent));
}

/** Thousandths, rounded up as upstream's MilliValue. */
export function milliValue(quantity: string | number | undefined): number {
  return Math.ceil(Number((quantityValue(quantity) * 1000).toPrecision(15)));
}

/** Whole units, rounded up as upstream's Value. */
export function wholeValue(quantity: string | number | undefined): number {
  return Math.ceil(Number(quantityValue(quantity).toPrecision(15)));
}
