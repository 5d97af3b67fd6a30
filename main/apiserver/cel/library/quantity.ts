import type { Environment } from '@marcbachmann/cel-js';
import { addQuantities, compareQuantities, parseQuantity, quantityFromValue, subtractQuantities, tryParseQuantity, type Quantity } from '../../../../kube/apimachinery/quantity.ts';

const NANO = 1_000_000_000n;

export class CelQuantity {
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    this.quantity = quantity;
  }
}

const TYPE = 'kubernetes.Quantity';

/** Upstream: apiserver/pkg/cel/library/quantity.go. */
export function registerQuantity(environment: Environment): void {
  const on = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(signature, handler, { async: false });
  };
  environment.registerType(TYPE, CelQuantity);
  on(`quantity(string): ${TYPE}`, (text: string) => new CelQuantity(parseQuantity(text)));
  on('isQuantity(string): bool', (text: string) => tryParseQuantity(text) !== undefined);
  on(`${TYPE}.sign(): int`, ({ quantity: { nano } }: CelQuantity) => (nano > 0n ? 1n : nano < 0n ? -1n : 0n));
  on(`${TYPE}.isInteger(): bool`, ({ quantity: { nano } }: CelQuantity) => nano % NANO === 0n);
  on(`${TYPE}.asInteger(): int`, ({ quantity: { nano } }: CelQuantity) => {
    if (nano % NANO !== 0n) throw new Error('cannot convert value to integer');
    return nano / NANO;
  });
  on(`${TYPE}.asApproximateFloat(): double`, ({ quantity: { nano } }: CelQuantity) => Number(nano) / 1e9);
  on(`${TYPE}.isGreaterThan(${TYPE}): bool`, (a: CelQuantity, b: CelQuantity) => compareQuantities(a.quantity, b.quantity) > 0);
  on(`${TYPE}.isLessThan(${TYPE}): bool`, (a: CelQuantity, b: CelQuantity) => compareQuantities(a.quantity, b.quantity) < 0);
  on(`${TYPE}.compareTo(${TYPE}): int`, (a: CelQuantity, b: CelQuantity) => BigInt(compareQuantities(a.quantity, b.quantity)));
  on(`${TYPE}.add(${TYPE}): ${TYPE}`, (a: CelQuantity, b: CelQuantity) => new CelQuantity(addQuantities(a.quantity, b.quantity)));
  on(`${TYPE}.sub(${TYPE}): ${TYPE}`, (a: CelQuantity, b: CelQuantity) => new CelQuantity(subtractQuantities(a.quantity, b.quantity)));
  on(`${TYPE}.add(int): ${TYPE}`, (a: CelQuantity, b: bigint) => new CelQuantity(addQuantities(a.quantity, quantityFromValue(b))));
  on(`${TYPE}.sub(int): ${TYPE}`, (a: CelQuantity, b: bigint) => new CelQuantity(subtractQuantities(a.quantity, quantityFromValue(b))));
  environment.registerOperator(`${TYPE} == ${TYPE}`, (a: CelQuantity, b: CelQuantity) => compareQuantities(a.quantity, b.quantity) === 0);
}

