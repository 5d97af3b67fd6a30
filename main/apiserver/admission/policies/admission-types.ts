import type { TypeProvider } from '../../cel/declarations.ts';
import { BOOL, type CelType, DYN, INT, listType, mapType, STRING, structType, TIMESTAMP } from '../../cel/types.ts';

/** Fields of the objects that expressions of admission see (upstream: apiserver/pkg/admission/plugin/cel/compile.go). */
type Fields = Readonly<Record<string, CelType>>;

const TEXTS = listType(STRING);
const LABELS = mapType(STRING, STRING);
export const REQUEST_TYPE = structType('kubernetes.AdmissionRequest');
export const NAMESPACE_TYPE = structType('kubernetes.Namespace');
export const VARIABLES_TYPE = structType('kubernetes.variables');
const [KIND, RESOURCE, USER] = [structType('kubernetes.GroupVersionKind'), structType('kubernetes.GroupVersionResource'), structType('kubernetes.UserInfo')];
const [METADATA, SPEC, STATUS, CONDITION] = [structType('kubernetes.NamespaceMetadata'), structType('kubernetes.NamespaceSpec'), structType('kubernetes.NamespaceStatus'), structType('kubernetes.NamespaceCondition')];
export const OBJECT_TYPE = structType('Object');
export const JSON_PATCH_TYPE = structType('JSONPatch');

const TYPES: Readonly<Record<string, Fields>> = {
  [REQUEST_TYPE.name]: {
    kind: KIND, resource: RESOURCE, subResource: STRING, requestKind: KIND, requestResource: RESOURCE, requestSubResource: STRING, name: STRING, namespace: STRING, operation: STRING, userInfo: USER,
    dryRun: BOOL, options: DYN,
  },
  [KIND.name]: { group: STRING, version: STRING, kind: STRING },
  [RESOURCE.name]: { group: STRING, version: STRING, resource: STRING },
  [USER.name]: { username: STRING, uid: STRING, groups: TEXTS, extra: mapType(STRING, TEXTS) },
  [NAMESPACE_TYPE.name]: { metadata: METADATA, spec: SPEC, status: STATUS },
  [METADATA.name]: {
    name: STRING, generateName: STRING, namespace: STRING, labels: LABELS, annotations: LABELS, UID: STRING, creationTimestamp: TIMESTAMP, deletionGracePeriodSeconds: INT, deletionTimestamp: TIMESTAMP,
    generation: INT, resourceVersion: STRING, finalizers: TEXTS,
  },
  [SPEC.name]: { finalizers: TEXTS },
  [STATUS.name]: { conditions: listType(CONDITION), phase: STRING },
  [CONDITION.name]: { status: STRING, type: STRING, lastTransitionTime: TIMESTAMP, message: STRING, reason: STRING },
};
const PATCH_TYPES: Readonly<Record<string, Fields>> = { [JSON_PATCH_TYPE.name]: { op: STRING, from: STRING, path: STRING, value: DYN } };

export interface AdmissionTypes {
  /** Name and type of each variable of the policy; absent: there are none. */
  readonly variables?: ReadonlyMap<string, CelType>;
  /** `Object{…}` and `JSONPatch{…}` may be made. */
  readonly hasPatchTypes?: boolean;
  /** Types of the objects at hand, where they are known. */
  readonly objects?: TypeProvider;
}

export function admissionTypes({ variables, hasPatchTypes = false, objects }: AdmissionTypes): TypeProvider {
  const known = (name: string): Fields | undefined => (Object.hasOwn(TYPES, name) ? TYPES[name] : hasPatchTypes && Object.hasOwn(PATCH_TYPES, name) ? PATCH_TYPES[name] : undefined);
  const isObject = (name: string): boolean => hasPatchTypes && (name === OBJECT_TYPE.name || name.startsWith(`${OBJECT_TYPE.name}.`));
  return {
    hasType: (name) => known(name) !== undefined || isObject(name) || (variables !== undefined && name === VARIABLES_TYPE.name) || objects?.hasType(name) === true,
    fieldType(name, field) {
      if (name === VARIABLES_TYPE.name) return variables?.get(field);
      if (isObject(name)) return DYN;
      const fields = known(name);
      if (fields) return Object.hasOwn(fields, field) ? fields[field] : undefined;
      return objects?.fieldType(name, field);
    },
  };
}
