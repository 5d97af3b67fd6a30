import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { apiVersionOf } from '../../../kube/apimachinery/gvr.ts';
import { isValidPathSegmentName } from '../../../kube/apimachinery/name-validation.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Random } from '../../../kube/apimachinery/random.ts';
import { schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { servedGroupVersions, type ResourceInfo, type SubresourceInfo } from '../../../kube/api/inventory.ts';
import type { KnownConversions } from '../customresources/conversion/known-conversions.ts';
import type { CustomVersion } from '../customresources/custom-version.ts';
import type { Printer } from '../negotiation/printers/printer.ts';
import type { FieldScope } from '../patch/apply/field-scope.ts';
import { jsonHead, storedJsonHead, type JsonHead } from '../storage/json-head.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { defaultStrategy } from './generic/default-strategy.ts';
import { Registry } from './generic/registry.ts';
import { resourceKey, type AlternativeVersion, type ResourceDefinition } from './generic/resource-definition.ts';

/** One resource in one served version: what a route leads to. */
export interface ServedResource {
  readonly info: ResourceInfo;
  readonly apiVersion: string;
  /** Absent for what is not stored (reviews, bindings). */
  readonly registry?: Registry;
  /** When this version is not the stored one. */
  readonly alternative?: AlternativeVersion;
  readonly head: JsonHead;
  readonly subresources: ReadonlyMap<string, SubresourceInfo>;
  /** Field labels that a selector may use besides metadata.name and metadata.namespace. */
  readonly fieldNames: ReadonlySet<string>;
  /** Where managedFields are tracked, by subresource; filled when first asked. */
  readonly fieldScopes: Map<string, FieldScope>;
  /** Where a webhook converts between versions: its answers, for those who cannot wait. */
  readonly conversions?: KnownConversions;
  /** Of a custom resource: its schema and what comes of it. */
  readonly custom?: CustomVersion;
  /** Columns, where they are not those of the kind. */
  readonly printer?: Printer;
  /** Go's name of what is answered, where it is not the kind's internal type. */
  readonly goType?: string;
}

export interface CatalogOptions {
  readonly definitions: readonly ResourceDefinition[];
  readonly openStorage: (definition: ResourceDefinition, info: ResourceInfo) => ObjectStorage;
  readonly clock: Clock;
  readonly random: Random;
}

/** Resources without a strategy of their own whose generation upstream counts. */
const COUNTS_GENERATION = new Set([
  'daemonsets.apps', 'deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'replicationcontrollers', 'pods', 'cronjobs.batch', 'jobs.batch',
  'ingresses.networking.k8s.io', 'networkpolicies.networking.k8s.io', 'ingressclasses.networking.k8s.io', 'poddisruptionbudgets.policy',
  'validatingwebhookconfigurations.admissionregistration.k8s.io', 'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io', 'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'mutatingadmissionpolicies.admissionregistration.k8s.io', 'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io', 'flowschemas.flowcontrol.apiserver.k8s.io', 'priorityclasses.scheduling.k8s.io',
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io', 'resourceslices.resource.k8s.io', 'deviceclasses.resource.k8s.io', 'endpointslices.discovery.k8s.io',
]);

/** Which resources are served, by group, version and plural. Resources can come and go while the server runs. */
export class ResourceCatalog {
  readonly #served = new Map<string, ServedResource>();
  readonly #registries = new Map<string, Registry>();
  readonly #versions = new Map<string, Set<string>>();
  readonly #builtIn: ReadonlySet<string>;

  constructor(options: CatalogOptions) {
    const own = new Map(options.definitions.map((definition) => [resourceKey(definition.resource), definition]));
    for (const { resources } of servedGroupVersions()) {
      for (const info of resources) {
        const definition = info.verbs.includes('get') && info.resource !== 'componentstatuses' ? this.#definitionFor(info, own) : undefined;
        this.add(served(info, definition && this.#registryFor(info, definition, options)));
      }
    }
    this.#builtIn = new Set(this.#versions.keys());
  }

  #definitionFor(info: ResourceInfo, own: ReadonlyMap<string, ResourceDefinition>): ResourceDefinition {
    const shared = info.group === 'events.k8s.io' ? 'events' : resourceKey(info);
    return this.#registries.get(shared)?.definition ?? own.get(shared) ?? fallbackDefinition(info);
  }

  #registryFor(info: ResourceInfo, definition: ResourceDefinition, options: CatalogOptions): Registry {
    const key = resourceKey(definition.resource);
    const existing = this.#registries.get(key);
    if (existing) return existing;
    const registry = new Registry({ definition, storage: options.openStorage(definition, info), clock: options.clock, random: options.random, normalize: normalizerOf(definition) });
    this.#registries.set(key, registry);
    return registry;
  }

  find(group: string, version: string, resource: string): ServedResource | undefined {
    return this.#served.get(`${group}/${version}/${resource}`);
  }

  hasGroup(group: string): boolean {
    return this.#versions.has(group);
  }

  /** Whether the group is Kubernetes' own: unknown paths in the others are answered as by a plain web server. */
  isBuiltIn(group: string): boolean {
    return this.#builtIn.has(group);
  }

  hasVersion(group: string, version: string): boolean {
    return this.#versions.get(group)?.has(version) ?? false;
  }

  /** The stored resource, whichever version serves it. */
  registry(resource: { readonly group: string; readonly resource: string }): Registry | undefined {
    return this.#registries.get(resourceKey(resource));
  }

  all(): IterableIterator<ServedResource> {
    return this.#served.values();
  }

  registries(): IterableIterator<Registry> {
    return this.#registries.values();
  }

  add(resource: ServedResource): void {
    const { group, version, resource: plural } = resource.info;
    this.#served.set(`${group}/${version}/${plural}`, resource);
    const versions = this.#versions.get(group) ?? new Set();
    this.#versions.set(group, versions.add(version));
    if (resource.registry) this.#registries.set(resourceKey(resource.registry.resource), resource.registry);
  }

  remove({ info: { group, version, resource } }: ServedResource): void {
    this.#served.delete(`${group}/${version}/${resource}`);
    const key = resourceKey({ group, resource });
    const isServed = [...this.#served.values()].some(({ info }) => info.group === group && info.resource === resource);
    if (!isServed) this.#registries.delete(key);
    const prefix = `${group}/${version}/`;
    if ([...this.#served.keys()].some((key) => key.startsWith(prefix))) return;
    const versions = this.#versions.get(group);
    versions?.delete(version);
    if (versions?.size === 0) this.#versions.delete(group);
  }
}

function normalizerOf({ resource }: Pick<ResourceDefinition, 'resource'>): (object: KubernetesObject) => KubernetesObject {
  const schema = schemaOfKind(resource);
  if (!schema) return (object) => object;
  return (object) => toTyped(schema, object as unknown as Record<string, unknown>, { nulls: true }) as unknown as KubernetesObject;
}

export function served(info: ResourceInfo, registry: Registry | undefined): ServedResource {
  const apiVersion = apiVersionOf(info);
  const alternative = registry && alternativeFor(info, registry.definition);
  return {
    info,
    apiVersion,
    ...(registry ? { registry } : {}),
    ...(alternative ? { alternative } : {}),
    head: info.isCustom ? storedJsonHead : jsonHead({ apiVersion, kind: info.kind }),
    subresources: new Map(info.subresources.map((subresource) => [subresource.name, subresource])),
    fieldNames: new Set(registry ? selectableNames(registry.definition) : []),
    fieldScopes: new Map(),
  };
}

function alternativeFor(info: ResourceInfo, definition: ResourceDefinition): AlternativeVersion | undefined {
  const { resource, alternatives } = definition;
  if (resource.group === info.group && resource.version === info.version) return undefined;
  const known = alternatives?.find((candidate) => candidate.resource.group === info.group && candidate.resource.version === info.version);
  return known ? inGoForm(known) : renamed(info, definition);
}

/** Whatever the conversion made, in the order of its version's fields. */
function inGoForm(version: AlternativeVersion): AlternativeVersion {
  const normalize = normalizerOf(version);
  return { ...version, fromStorage: (object) => normalize(version.fromStorage(object)) };
}

/** A version of the same shape: only apiVersion differs. */
function renamed(info: ResourceInfo, { resource }: ResourceDefinition): AlternativeVersion {
  const outside = apiVersionOf(info);
  const inside = apiVersionOf(resource);
  return { resource: info, toStorage: (object) => ({ ...object, apiVersion: inside }), fromStorage: (object) => ({ ...object, apiVersion: outside }) };
}

function fallbackDefinition(info: ResourceInfo): ResourceDefinition {
  const strategy = defaultStrategy({
    namespaced: info.namespaced,
    hasStatus: info.subresources.some((subresource) => subresource.name === 'status'),
    hasSpec: COUNTS_GENERATION.has(resourceKey(info)),
  });
  const { group, version, kind, resource, namespaced } = info;
  const pathName = group === 'rbac.authorization.k8s.io' ? { validateName: (name: string) => isValidPathSegmentName(name) } : {};
  return { resource: { group, version, kind, resource, namespaced }, strategy, ...pathName };
}

/** The strategy tells its fields by the keys it gives for an empty object. */
function selectableNames({ strategy, resource }: ResourceDefinition): string[] {
  if (!strategy.selectableFields) return [];
  const empty = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { name: '' }, spec: {}, status: {} } as KubernetesObject;
  return Object.keys(strategy.selectableFields(empty));
}
