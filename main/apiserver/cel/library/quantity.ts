import { addQuantities, compareQuantities, parseQuantity, quantityFromValue, subtractQuantities, tryParseQuantity, type Quantity } from '../../../../kube/apimachinery/quantity.ts';
import { declare, type FunctionDeclaration, global, method } from '../declarations.ts';
import { CelEvaluationError } from '../runtime/evaluation-error.ts';
import { CelObject } from '../runtime/values.ts';
import { BOOL, type CelType, DOUBLE, INT, STRING, structType } from '../types.ts';

export const QUANTITY_TYPE = structType('kubernetes.Quantity');
const NANO = 1_000_000_000n;

export class CelQuantity extends CelObject {
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }

  get type(): CelType {
    return QUANTITY_TYPE;
  }

  equals({ quantity }: this): boolean {
    return compareQuantities(this.quantity, quantity) === 0;
  }
}

/** Upstream: apiserver/pkg/cel/library/quantity.go. */
export function quantityFunctions(): readonly FunctionDeclaration[] {
  const Q = QUANTITY_TYPE;
  const compare = (a: CelQuantity, b: CelQuantity): number => compareQuantities(a.quantity, b.quantity);
  return [
    declare('quantity', global('string_to_quantity', [STRING], Q, quantityOf)),
    declare('isQuantity', global('is_quantity_string', [STRING], BOOL, (text: string) => tryParseQuantity(text) !== undefined)),
    declare('sign', global('quantity_sign', [Q], INT, ({ quantity: { nano } }: CelQuantity) => (nano > 0n ? 1n : nano < 0n ? -1n : 0n))),
    declare('isGreaterThan', method('quantity_is_greater_than', [Q, Q], BOOL, (a: CelQuantity, b: CelQuantity) => compare(a, b) > 0)),
    declare('isLessThan', method('quantity_is_less_than', [Q, Q], BOOL, (a: CelQuantity, b: CelQuantity) => compare(a, b) < 0)),
    declare('compareTo', method('quantity_compare_to', [Q, Q], INT, (a: CelQuantity, b: CelQuantity) => BigInt(compare(a, b)))),
    declare('asApproximateFloat', method('quantity_get_float', [Q], DOUBLE, ({ quantity: { nano } }: CelQuantity) => Number(nano) / 1e9)),
    declare('asInteger', method('quantity_get_int', [Q], INT, ({ quantity: { nano } }: CelQuantity) => integerOf(nano))),
    declare('isInteger', method('quantity_is_integer', [Q], BOOL, ({ quantity: { nano } }: CelQuantity) => isInteger(nano))),
    declare('add', method('quantity_add', [Q, Q], Q, (a: CelQuantity, b: CelQuantity) => new CelQuantity(addQuantities(a.quantity, b.quantity))),
      method('quantity_add_int', [Q, INT], Q, (a: CelQuantity, b: bigint) => new CelQuantity(addQuantities(a.quantity, quantityFromValue(b))))),
    declare('sub', method('quantity_sub', [Q, Q], Q, (a: CelQuantity, b: CelQuantity) => new CelQuantity(subtractQuantities(a.quantity, b.quantity))),
      method('quantity_sub_int', [Q, INT], Q, (a: CelQuantity, b: bigint) => new CelQuantity(subtractQuantities(a.quantity, quantityFromValue(b))))),
  ];
}

function quantityOf(text: string): CelQuantity {
  try {
    return new CelQuantity(parseQuantity(text));
  } catch (error) {
    throw new CelEvaluationError((error as Error).message);
  }
}

function isInteger(nano: bigint): boolean {
  return nano % NANO === 0n && BigInt.asIntN(64, nano / NANO) === nano / NANO;
}

function integerOf(nano: bigint): bigint {
  if (!isInteger(nano)) throw new CelEvaluationError('cannot convert value to integer');
  return nano / NANO;
}
