import { describeSpecial } from './descriptions.ts';
import type { Dialect, Json } from './schemas.ts';

/** Definitions whose JSON is no object with fields: scalars with a Go type of their own, and unions. `@NAME` is a text of descriptions.ts. */
const texts: Readonly<Record<string, readonly [Readonly<Record<string, unknown>>, string]>> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': [
    { type: 'string', format: 'date-time' },
    'Time is a wrapper around time.Time which supports correct marshaling to YAML and JSON.  Wrappers are provided for many of the factory methods that the time package offers.',
  ],
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': [{ type: 'string', format: 'date-time' }, 'MicroTime is version of Time with microsecond level precision.'],
  'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': [{ type: 'object' }, 'Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.'],
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': [
    { type: 'object' },
    '@meta/v1.FieldsV1',
  ],
  'io.k8s.apimachinery.pkg.runtime.RawExtension': [{ type: 'object' }, '@RawExtension'],
  'io.k8s.apimachinery.pkg.api.resource.Quantity': [
    { type: 'string' },
    'Quantity is a fixed-point number with an optional suffix: Ki, Mi, Gi, Ti, Pi, Ei are powers of 1024; n, u, m, k, M, G, T, P, E powers of 1000. It is written in canonical form: 1500m rather than 1.5, 1Gi rather than 1024Mi.',
  ],
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': [
    { type: 'string', format: 'int-or-string' },
    'IntOrString is a type that can hold an int32 or a string.  When used in JSON or YAML marshalling and unmarshalling, it produces or consumes the inner type.  This allows you to have, for example, a JSON field that can accept a name or number.',
  ],
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': [
    {},
    'JSON represents any valid JSON value. These types are supported: bool, int64, float64, string, []interface{}, map[string]interface{} and nil.',
  ],
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray': [
    {},
    'JSONSchemaPropsOrArray represents a value that can either be a JSONSchemaProps or an array of JSONSchemaProps. Mainly here for serialization purposes.',
  ],
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': [
    {},
    'JSONSchemaPropsOrBool represents JSONSchemaProps or a boolean value. Defaults to true for the boolean property.',
  ],
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray': [
    {},
    'JSONSchemaPropsOrStringArray represents a JSONSchemaProps or a string array.',
  ],
};

/** In Go's order. */
const versionFields = [
  'major', 'minor', 'emulationMajor', 'emulationMinor', 'minCompatibilityMajor', 'minCompatibilityMinor', 'gitVersion', 'gitCommit', 'gitTreeState',
  'buildDate', 'goVersion', 'compiler', 'platform',
] as const;

const optionalVersionFields: readonly string[] = ['emulationMajor', 'emulationMinor', 'minCompatibilityMajor', 'minCompatibilityMinor'];

const versionTexts: Readonly<Record<string, string>> = {
  emulationMajor: 'EmulationMajor is the major version of the emulation version',
  emulationMinor: 'EmulationMinor is the minor version of the emulation version',
  minCompatibilityMajor: 'MinCompatibilityMajor is the major version of the minimum compatibility version',
  minCompatibilityMinor: 'MinCompatibilityMinor is the minor version of the minimum compatibility version',
  major: 'Major is the major version of the binary version',
  minor: 'Minor is the minor version of the binary version',
};

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

function versionInfo(dialect: Dialect): Json {
  const field = (name: string): Json => ({
    ...(versionTexts[name] === undefined ? {} : { description: versionTexts[name] }),
    type: 'string',
    ...(dialect === 3 && !optionalVersionFields.includes(name) ? { default: '' } : {}),
  });
  return {
    description: 'Info contains versioning information. how we\'ll want to distribute that information.',
    type: 'object',
    required: versionFields.filter((name) => !optionalVersionFields.includes(name)),
    properties: Object.fromEntries(versionFields.toSorted().map((name) => [name, field(name)])),
  };
}

/** By definition name. */
export function specialDefinitions(dialect: Dialect): Readonly<Record<string, Json>> {
  const entries = Object.entries(texts).map(([name, [shape, description]]) => [name, { description: description.startsWith('@') ? describeSpecial(description.slice(1)) : description, ...(dialect === 3 && name === QUANTITY ? { oneOf: [{ type: 'string' }, { type: 'number' }] } : forDialect(shape, dialect)) }] as const);
  return { ...Object.fromEntries(entries), 'io.k8s.apimachinery.pkg.version.Info': versionInfo(dialect) };
}

/** OpenAPI 3 can say that a value is one of two types. */
function forDialect(shape: Readonly<Record<string, unknown>>, dialect: Dialect): Json {
  if (dialect === 3 && shape['format'] === 'int-or-string') {
    return { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] };
  }
  return { ...shape };
}

interface Union {
  readonly discriminator?: string;
  readonly 'fields-to-discriminateBy': Readonly<Record<string, string>>;
}

const attributes = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, name.charAt(0).toUpperCase() + name.slice(1)]));

const unions: Readonly<Record<string, readonly Union[]>> = {
  'core/v1.AppArmorProfile': [{ discriminator: 'type', 'fields-to-discriminateBy': attributes(['localhostProfile']) }],
  'core/v1.PodSchedulingGroup': [{ 'fields-to-discriminateBy': attributes(['podGroupName']) }],
  'core/v1.SeccompProfile': [{ discriminator: 'type', 'fields-to-discriminateBy': attributes(['localhostProfile']) }],
  'flowcontrol/v1.LimitResponse': [{ discriminator: 'type', 'fields-to-discriminateBy': attributes(['queuing']) }],
  'flowcontrol/v1.PriorityLevelConfigurationSpec': [{ discriminator: 'type', 'fields-to-discriminateBy': attributes(['exempt', 'limited']) }],
  'flowcontrol/v1.Subject': [{ discriminator: 'kind', 'fields-to-discriminateBy': attributes(['group', 'serviceAccount', 'user']) }],
};

/** x-kubernetes-unions of the few messages that have them. */
export function unionsOf(message: string): readonly Union[] | undefined {
  return unions[message];
}
