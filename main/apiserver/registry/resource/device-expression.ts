import { CelEnvironment, celLibrary } from '../../cel/cel-environment.ts';
import { QUANTITY_TYPE } from '../../cel/library/quantity.ts';
import { BOOL, type CelType, DYN, mapType, STRING, structType, typeText } from '../../cel/types.ts';
import { type DeclaredType, providerOf, sizeWithin } from '../../customresources/declared-type.ts';

/** Upstream: resource/v1, CELSelectorExpressionMaxCost and the bounds of a device's parts. */
const MAX_COST = 1_000_000;
const [MAX_DOMAIN, MAX_ID, MAX_VALUE, MAX_ATTRIBUTES] = [63, 32, 64, 32];

function sized(type: CelType, maxElements: number): DeclaredType {
  return { type, maxElements, minSize: 1 };
}

function mapOf(key: DeclaredType, element: DeclaredType): DeclaredType {
  return { type: mapType(key.type, element.type), key, element, maxElements: MAX_ATTRIBUTES, minSize: 2 };
}

/** `device`, as selectors see it (upstream: k8s.io/dynamic-resource-allocation/cel/compile.go). */
function deviceType(): DeclaredType {
  const [domain, id] = [sized(STRING, MAX_DOMAIN), sized(STRING, MAX_ID)];
  const fields = new Map([
    ['driver', sized(STRING, MAX_DOMAIN)],
    ['allowMultipleAllocations', sized(BOOL, 1)],
    ['attributes', mapOf(domain, mapOf(id, sized(DYN, MAX_VALUE)))],
    ['capacity', mapOf(domain, mapOf(id, sized(QUANTITY_TYPE, 0)))],
  ]);
  return { type: structType('kubernetes.DRADevice'), fields, maxElements: 0, minSize: 2 };
}

/** Whether a selector compiles, to a bool or to an attribute that may be one, and what it costs at most. */
export function checkDeviceExpression(expression: string): { readonly problem?: string; readonly isTooCostly?: boolean } {
  const device = deviceType();
  const environment = new CelEnvironment({ library: celLibrary(), hasBind: true, provider: providerOf(device), variables: { device: device.type } });
  const { program, problem } = environment.compile(expression);
  if (!program) return { problem: `compilation failed: ${problem}` };
  const { kind } = program.type;
  if (kind !== 'bool' && kind !== 'dyn') return { problem: `must evaluate to bool or the unknown type, not ${typeText(program.type)}` };
  return { isTooCostly: program.estimate(sizeWithin(device)).max > MAX_COST };
}
