import { emptyAsGiven } from '../../../../kube/api/typed-object.ts';
import { INTERNAL_SHAPES } from './internal-shapes.ts';
import { unifiedDiff } from './unified-diff.ts';

interface ShapeField {
  readonly name: string;
  readonly json: string;
  readonly kind: string;
}

/** The value as upstream's internal type would be written in JSON: every field, in the type's order, absent ones at their zero. */
export function internalValue(shape: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return null;
  const source = shape === 'PodSpec' ? withInternalSecurityContext(value) : value;
  return Object.fromEntries(
    fieldsOf(shape).map(({ name, json, kind }) => [name, fieldValue(kind, (source as Readonly<Record<string, unknown>>)[json]) ?? emptyAsGiven(source, json)]),
  );
}

/** The difference of two values as kubectl users see it after a refused update. */
export function internalDiff(shape: string, previous: unknown, next: unknown): string {
  return unifiedDiff(indented(internalValue(shape, previous)), indented(internalValue(shape, next)));
}
function indented(value: unknown): string {
  return JSON.stringify(value, undefined, 1);
}

/** Internally the host namespaces belong to the pod's security context. */
function withInternalSecurityContext(spec: object): object {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers, securityContext } = spec as Record<string, unknown>;
  return { ...spec, securityContext: { ...(securityContext as object), hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers } };
}

function fieldsOf(shape: string): readonly ShapeField[] {
  return (INTERNAL_SHAPES[shape] ?? '').split(', ').map((text) => {
    const [names = '', kind = ''] = text.split(' ');
    const [name = '', json = `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`] = names.split('=');
    return { name, json, kind };
  });
}

/** Maps of scalars have Go's order, whatever defaults have added; members of other objects stay as they are. */
function inKeyOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.values(value).some((member) => typeof member === 'object')) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function fieldValue(kind: string, value: unknown): unknown {
  switch (kind) {
    case 's':
      return value ?? '';
    case 'n':
    case 'i':
      return value ?? 0;
    case 'b':
      return value ?? false;
    case 'q':
      return value ?? '0';
    case '':
      return inKeyOrder(value ?? null);
    default:
      break;
  }
  if (kind.startsWith('[]')) return Array.isArray(value) ? value.map((item) => internalValue(kind.slice(2), item)) : null;
  if (kind.startsWith('*')) return internalValue(kind.slice(1), value);
  return internalValue(kind, value ?? {});
}
