import { createHash } from 'node:crypto';
import type * as apiextensions from '../../../kube/api/generated/apiextensions/v1.ts';
import type { ResourceInfo, SubresourceInfo, Verb } from '../../../kube/api/inventory.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Random } from '../../../kube/apimachinery/random.ts';
import { deepEqual, deepFreeze, isJsonObject, setMember } from '../../../kube/apimachinery/json.ts';
import { served, type ServedResource } from '../registry/catalog.ts';
import { Registry } from '../registry/generic/registry.ts';
import type { AlternativeVersion, ResourceDefinition } from '../registry/generic/resource-definition.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import type { WebhookConnectionOptions } from '../admission/webhooks/webhook-connection.ts';
import { ConvertingStorage } from './conversion/converting-storage.ts';
import { KnownConversions } from './conversion/known-conversions.ts';
import { WebhookConverter } from './conversion/webhook-converter.ts';
import type { RuleTiming } from './cel-rules.ts';
import { customSelectableFields, customStrategy } from './custom-strategy.ts';
import { compileVersions, type CustomVersion, prunedCustomResource, readCustomResource } from './custom-version.ts';

type Definition = apiextensions.CustomResourceDefinition;

export interface CustomStorageOptions {
  readonly resource: { readonly group: string; readonly resource: string };
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly resourcePrefix: string;
  readonly memberOrder: 'name';
  readonly selectableFields: (object: KubernetesObject) => Readonly<Record<string, string>>;
  readonly upgrade: (object: KubernetesObject) => KubernetesObject;
  /** Versions are converted by a webhook, by whoever reads. */
  readonly keepsVersions?: boolean;
}

export interface CustomResourceOptions extends WebhookConnectionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly openStorage: (options: CustomStorageOptions) => ObjectStorage;
  readonly ruleTiming?: RuleTiming;
}

const VERBS: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const TERMINATING_VERBS: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'watch'];
const SUBRESOURCE_VERBS: readonly Verb[] = ['get', 'patch', 'update'];
const HASH_BYTES = 8;

/** The objects of one CustomResourceDefinition: their storage, and what is served of them. Outlives changes of the schema. */
export class CustomResource implements AsyncDisposable {
  readonly uid: string;
  readonly registry: Registry;
  readonly #storageIdentity: readonly unknown[];
  readonly #options: CustomResourceOptions;
  readonly #registryDefinition: ResourceDefinition;
  /** By served version; only where a webhook converts. */
  readonly #converting = new Map<string, ConvertingRegistry>();
  #definition: Definition;
  #versions: ReadonlyMap<string, CustomVersion>;

  constructor(definition: Definition, options: CustomResourceOptions) {
    this.uid = definition.metadata.uid ?? '';
    this.#definition = definition;
    this.#versions = versionsOf(definition, options.ruleTiming);
    this.#storageIdentity = storageIdentity(definition);
    const { group, scope, names } = definition.spec;
    const version = storageVersionOf(definition);
    const namespaced = scope === 'Namespaced';
    const resource = { group, version, kind: names.kind, resource: names.plural, namespaced };
    const strategy = customStrategy({ namespaced, version: (name) => this.#versions.get(name), storageVersion: () => this.#storageVersion });
    const apiVersion = `${group}/${version}`;
    this.#options = options;
    this.#registryDefinition = { resource, strategy, storagePrefix: `${group}/${names.plural}`, metadataRules: () => ({ plainFinalizers: true }) };
    const storage = options.openStorage({
      resource, apiVersion, kind: names.kind, namespaced, resourcePrefix: `${group}/${names.plural}`, memberOrder: 'name',
      selectableFields: (object) => strategy.selectableFields?.(object) ?? {},
      upgrade: (object) => ({ ...object, apiVersion }),
      ...(webhookOf(definition) ? { keepsVersions: true } : {}),
    });
    this.registry = new Registry({ definition: this.#registryDefinition, storage, clock: options.clock, random: options.random, normalize: sorted });
  }

  get definition(): Definition {
    return this.#definition;
  }

  get #storageVersion(): CustomVersion {
    const version = this.#versions.get(storageVersionOf(this.#definition));
    if (!version) throw new Error(`Cannot serve ${JSON.stringify(this.#definition.metadata.name)}: it has no storage version`);
    return version;
  }

  /** False when the objects must be stored otherwise: make another one then. */
  accepts(definition: Definition): boolean {
    return definition.metadata.uid === this.uid && deepEqual(storageIdentity(definition), this.#storageIdentity);
  }

  update(definition: Definition): void {
    const isSame = deepEqual(definition.spec, this.#definition.spec) && definition.metadata.deletionTimestamp === this.#definition.metadata.deletionTimestamp;
    this.#definition = definition;
    if (isSame) return;
    this.#versions = versionsOf(definition, this.#options.ruleTiming);
    // The new definition may convert otherwise.
    this.#converting.clear();
  }

  /** One entry a served version. */
  served(): readonly ServedResource[] {
    return this.#definition.spec.versions.flatMap((version) => {
      const custom = this.#versions.get(version.name);
      return version.served && custom ? [this.#servedVersion(custom)] : [];
    });
  }

  #servedVersion(custom: CustomVersion): ServedResource {
    const info = infoOf(this.#definition, custom);
    const converting = this.#convertingFor(custom.name);
    const { alternative: _renamed, ...entry } = served(info, converting?.registry ?? this.registry);
    const alternative = converting ? readAs(custom, info) : this.#alternativeOf(custom, info);
    return { ...entry, fieldNames: new Set(custom.selectableFields), custom, ...(alternative ? { alternative } : {}), ...(converting ? { conversions: converting.conversions } : {}) };
  }

  /** The registry of one version, where a webhook converts between it and what is stored. Undefined where versions differ in name alone. */
  #convertingFor(version: string): ConvertingRegistry | undefined {
    if (!webhookOf(this.#definition)) return undefined;
    const known = this.#converting.get(version);
    if (known) return known;
    const { clock, random } = this.#options;
    const { group } = this.#registryDefinition.resource;
    const [inside, outside] = [`${group}/${storageVersionOf(this.#definition)}`, `${group}/${version}`];
    const converter = (): WebhookConverter => new WebhookConverter(this.#options, webhookOf(this.#definition) ?? { conversionReviewVersions: [] });
    const storage = new ConvertingStorage(this.registry.storage, {
      fromStorage: async (objects, signal) => (await converter().convert(objects, outside, signal)).map(sorted),
      toStorage: async (object, signal) => {
        const [converted = object] = await converter().convert([object], inside, signal);
        return converted === object ? object : sorted(prunedCustomResource(this.#storageVersion, converted));
      },
      ...(inside === outside ? {} : { selectableFields: (object) => customSelectableFields(this.#versions.get(version) ?? this.#storageVersion, object) }),
    });
    const definition: ResourceDefinition = { ...this.#registryDefinition, resource: { ...this.#registryDefinition.resource, version } };
    const conversions = new KnownConversions(async (object, apiVersion) => (await converter().convert([object], apiVersion))[0] ?? object);
    const made = { registry: new Registry({ definition, storage, clock, random, normalize: sorted }), conversions };
    this.#converting.set(version, made);
    return made;
  }

  /** Stored bytes go out as they are only when they were written under this very schema. */
  #alternativeOf(custom: CustomVersion, { group, version, kind, resource, namespaced }: ResourceInfo): AlternativeVersion | undefined {
    const stored = storageVersionOf(this.#definition);
    const isAsStored = version === stored && !custom.hasDefaults && this.#definition.metadata.generation === 1;
    if (isAsStored) return undefined;
    const [inside, outside] = [`${group}/${stored}`, `${group}/${version}`];
    return {
      resource: { group, version, kind, resource, namespaced },
      toStorage: (object) => (object.apiVersion === inside ? object : { ...object, apiVersion: inside }),
      fromStorage: reader(custom, outside),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry.storage[Symbol.asyncDispose]();
  }
}

interface ConvertingRegistry {
  readonly registry: Registry;
  readonly conversions: KnownConversions;
}

/** For objects that are in the version already. */
function readAs(custom: CustomVersion, { group, version, kind, resource, namespaced }: ResourceInfo): AlternativeVersion {
  return { resource: { group, version, kind, resource, namespaced }, toStorage: (object) => object, fromStorage: reader(custom, `${group}/${version}`) };
}

/** An object as the present schema of a version shows it; each object is made once. */
function reader(custom: CustomVersion, apiVersion: string): (object: KubernetesObject) => KubernetesObject {
  const read = new WeakMap<KubernetesObject, KubernetesObject>();
  return (object) => {
    const known = read.get(object);
    if (known) return known;
    const converted = deepFreeze(sorted({ ...readCustomResource(custom, object), apiVersion }));
    read.set(object, converted);
    return converted;
  };
}

function webhookOf({ spec }: Definition): apiextensions.WebhookConversion | undefined {
  return spec.conversion?.strategy === 'Webhook' ? spec.conversion.webhook : undefined;
}

/** Members by name, as Go writes maps: so that the same object is the same bytes, however it was made. */
function sorted(object: KubernetesObject): KubernetesObject {
  return sortedValue(object) as KubernetesObject;
}

function sortedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedValue);
  if (!isJsonObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) setMember(result, name, sortedValue(value[name]));
  return result;
}

function versionsOf(definition: Definition, timing: RuleTiming | undefined): ReadonlyMap<string, CustomVersion> {
  return new Map(compileVersions(definition, timing).map((version) => [version.name, version]));
}

function storageVersionOf({ spec }: Definition): string {
  return spec.versions.find(({ storage }) => storage)?.name ?? spec.versions[0]?.name ?? '';
}

function storageIdentity(definition: Definition): readonly unknown[] {
  const { spec } = definition;
  const version = storageVersionOf(definition);
  const selectable = spec.versions.find(({ name }) => name === version)?.selectableFields ?? [];
  return [spec.group, spec.names.plural, spec.names.kind, spec.scope, version, selectable, webhookOf(definition) !== undefined];
}

function infoOf(definition: Definition, custom: CustomVersion): ResourceInfo {
  const { spec, status } = definition;
  const names = status?.acceptedNames.plural ? status.acceptedNames : spec.names;
  const own = { group: spec.group, version: custom.name, kind: names.kind };
  const hash = createHash('sha256').update(`${spec.group}/${storageVersionOf(definition)}/${names.kind}`).digest().subarray(0, HASH_BYTES);
  const subresources: SubresourceInfo[] = [
    ...(custom.hasStatus ? [{ name: 'status', kind: own, verbs: SUBRESOURCE_VERBS }] : []),
    ...(custom.scale ? [{ name: 'scale', kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: SUBRESOURCE_VERBS }] : []),
  ];
  return {
    ...own, resource: names.plural, singular: names.singular ?? names.kind.toLowerCase(), namespaced: spec.scope === 'Namespaced',
    verbs: custom.isTerminating ? TERMINATING_VERBS : VERBS,
    shortNames: names.shortNames ?? [], categories: names.categories ?? [], storageVersionHash: hash.toString('base64'), subresources, isCustom: true,
  };
}
