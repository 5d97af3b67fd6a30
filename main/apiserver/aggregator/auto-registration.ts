import type { CustomResourceDefinition } from '../../../kube/api/generated/apiextensions/v1.ts';
import { apiservices, type APIService, type APIServiceSpec } from '../../../kube/api/generated/apiregistration/v1.ts';
import type { GroupVersionInfo } from '../../../kube/api/inventory.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Client } from '../../../kube/client/client.ts';
import { builtInPriorities, CUSTOM_RESOURCE_PRIORITY, type ApiServicePriority } from './api-service-priorities.ts';
import { KeyLoop } from './key-loop.ts';

export interface AutoRegistrationOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly find: (name: string) => APIService | undefined;
  readonly reportError: (error: unknown, path: string) => void;
}

type Mode = 'onstart' | 'true';

interface Desired {
  readonly mode: Mode;
  readonly spec: APIServiceSpec;
}

const LABEL = 'kube-aggregator.kubernetes.io/automanaged';
const WORKERS = 5;
const BACKOFF = { baseMs: 5, maxMs: 1_000_000 };

/**
 * Keeps an APIService for each group version that this server serves itself (upstream: kube-aggregator controllers/autoregister and
 * controlplane/controller/crdregistration). Kubernetes' own are put right once, at the start; those of CustomResourceDefinitions always.
 * What carries no `automanaged` label belongs to somebody else and stays as it is.
 */
export class AutoRegistration implements AsyncDisposable {
  readonly #options: AutoRegistrationOptions;
  readonly #loop: KeyLoop;
  readonly #desired = new Map<string, Desired>();
  readonly #definitions = new Map<string, CustomResourceDefinition>();
  readonly #builtIn: ReadonlySet<string>;
  readonly #synced = new Set<string>();
  #atStart: ReadonlySet<string> = new Set();
  #isStarted = false;

  constructor(options: AutoRegistrationOptions, builtIn: readonly GroupVersionInfo[]) {
    this.#options = options;
    const priorities = builtInPriorities();
    for (const info of builtIn) {
      const priority = priorities.get(`${info.group}/${info.version}`);
      if (priority) this.#desired.set(nameOf(info), { mode: 'onstart', spec: specOf(info, priority) });
    }
    this.#builtIn = new Set(this.#desired.keys());
    this.#loop = new KeyLoop({
      clock: options.clock, workers: WORKERS, backoff: BACKOFF, reportError: options.reportError,
      reconcile: async (name) => {
        await this.#sync(name);
        this.#synced.add(name);
        return undefined;
      },
    });
  }

  /** Once the APIServices and definitions of the start are known. Resolves when all of the server's own are there. */
  async start(present: Iterable<APIService>): Promise<void> {
    const names = [...present].map(({ metadata }) => metadata.name);
    this.#atStart = new Set(names);
    await Promise.all([...this.#builtIn].map(async (name) => {
      await this.#sync(name);
      this.#synced.add(name);
    }));
    this.#isStarted = true;
    for (const name of new Set([...names, ...this.#desired.keys()])) this.#loop.add(name);
  }

  /** An APIService came, changed or went. */
  changed(name: string): void {
    if (this.#isStarted) this.#loop.add(name);
  }

  setDefinition(definition: CustomResourceDefinition): void {
    const previous = this.#definitions.get(definition.metadata.name);
    this.#definitions.set(definition.metadata.name, definition);
    this.#definitionChanged(previous, definition);
  }

  removeDefinition(name: string): void {
    const previous = this.#definitions.get(name);
    this.#definitions.delete(name);
    this.#definitionChanged(previous);
  }

  clearDefinitions(): void {
    for (const name of this.#definitions.keys()) this.removeDefinition(name);
  }

  #definitionChanged(...definitions: readonly (CustomResourceDefinition | undefined)[]): void {
    for (const { spec } of definitions.filter((one) => one !== undefined)) {
      for (const { name: version } of spec.versions) this.#versionChanged({ group: spec.group, version });
    }
  }

  #versionChanged(groupVersion: GroupVersion): void {
    const name = nameOf(groupVersion);
    if (this.#builtIn.has(name)) return;
    const isServed = [...this.#definitions.values()].some(({ spec }) => spec.group === groupVersion.group && spec.versions.some((one) => one.name === groupVersion.version && one.served));
    if (isServed) this.#desired.set(name, { mode: 'true', spec: specOf(groupVersion, CUSTOM_RESOURCE_PRIORITY) });
    else this.#desired.delete(name);
    this.changed(name);
  }

  async #sync(name: string): Promise<void> {
    const { client, find } = this.#options;
    const desired = this.#desired.get(name);
    const current = find(name);
    const hasSynced = this.#synced.has(name);
    if (desired?.mode === 'onstart' && hasSynced) return;
    if (!current) {
      if (!desired) return;
      const metadata = { name, labels: { [LABEL]: desired.mode } };
      await client.create(apiservices, { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: metadata as ObjectMeta, spec: desired.spec }).catch(unless(isAlreadyExists));
      return;
    }
    const mode = current.metadata.labels?.[LABEL];
    const isOurs = mode === 'true' || (mode === 'onstart' && this.#atStart.has(name) && !hasSynced);
    if (!isOurs) return;
    if (!desired) {
      const { uid } = current.metadata;
      await client.delete(apiservices, { name }, uid === undefined ? {} : { preconditions: { uid } }).catch(unless(isNotFound, isConflict));
    } else if (!deepEqual(current.spec, desired.spec)) {
      await client.update(apiservices, { ...current, spec: desired.spec }).catch(unless(isNotFound, isConflict));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

function nameOf({ group, version }: GroupVersion): string {
  return `${version}.${group}`;
}

function specOf({ group, version }: GroupVersion, priority: ApiServicePriority): APIServiceSpec {
  return { ...(group === '' ? {} : { group }), version, groupPriorityMinimum: priority.group, versionPriority: priority.version };
}

/** Somebody was quicker: the change that tells of it brings the key back. */
function unless(...expected: readonly ((error: unknown) => boolean)[]): (error: unknown) => void {
  return (error) => {
    if (!expected.some((is) => is(error))) throw error;
  };
}
