import type { Clock } from '../../../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { Random } from '../../../../kube/apimachinery/random.ts';
import { isAlreadyExists, isConflict, isNotFound, StatusError } from '../../../../kube/apimachinery/status.ts';
import { newAlreadyExists, newConflict, newGenerateNameConflict, newNotFound, type GroupResource } from '../../../../kube/apimachinery/status-errors.ts';
import { addWarningTo } from '../../filters/warnings.ts';
import { storagePrefixOf } from '../../storage-prefix.ts';
import type { ObjectName, ObjectStorage, StoredObject, WriteOptions } from '../../storage/object-storage.ts';
import { checkMarkPreconditions, checkPreconditions, isDeletedByUpdate, markDeleted, planDeletion, validateDeleteOptions, type DeleteOptions } from './deletion.ts';
import { generateName } from './generate-name.ts';
import type { Reservation, ResourceDefinition } from './resource-definition.ts';
import type { StrategyContext } from './strategy.ts';
import { checkIsNumber, checkResourceVersion, prepareCreate, prepareUpdate, validateCreate, validateUpdate } from './write-flow.ts';

/** Tries of a generated name, as upstream. */
const GENERATE_NAME_ATTEMPTS = 8;

/** The request a write belongs to. */
export interface WriteContext extends Omit<StrategyContext, 'now' | 'warn'> {
  readonly warnings: string[];
  /** Told how long each write to the store took. */
  readonly wrote?: (elapsedMs: number) => void;
  readonly signal?: AbortSignal;
}
export interface CreateOptions<T> {
  /** Validating admission: after the strategy's own validation, before the write. */
  validate?(object: T): Promise<void>;
}
export interface UpdateOptions<T> {
  /** The wanted object, from the stored one: PUT body, patch or apply result after mutating admission. Runs again after a lost race. */
  change(current: T | undefined): Promise<T> | T;
  validate?(next: T, previous: T | undefined): Promise<void>;
  /** The last word on what is written, in the form it is stored in. */
  finish?(next: T, previous: T): T;
  /** For server-side apply, and where the strategy allows create on update. */
  readonly allowCreate?: boolean;
  readonly preconditionUid?: string;
}
export interface WriteResult<T> {
  /** Absent on a dry run and where the update ended the object. */
  readonly stored?: StoredObject<T>;
  readonly object: T;
  readonly created: boolean;
}
export interface DeleteResult<T> {
  readonly object: T;
  /** False while finalizers or a grace period keep the object. */
  readonly deleted: boolean;
}

/** The flow that all resources share (upstream: apiserver/pkg/registry/generic/registry/store.go and registry/rest). */
export class Registry<T extends KubernetesObject = KubernetesObject> {
  readonly definition: ResourceDefinition<T>;
  readonly storage: ObjectStorage<T>;
  readonly resource: GroupResource;
  /** Brings an object into the form it is stored in: members in Go's order, empty ones dropped. */
  readonly normalize: (object: T) => T;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: { readonly definition: ResourceDefinition<T>; readonly storage: ObjectStorage<T>; readonly clock: Clock; readonly random: Random; readonly normalize?: (object: T) => T }) {
    this.definition = options.definition;
    this.storage = options.storage;
    this.resource = { group: options.definition.resource.group, resource: options.definition.resource.resource };
    this.#clock = options.clock;
    this.#random = options.random;
    this.normalize = options.normalize ?? ((object) => object);
  }

  async create(input: T, context: WriteContext, options: CreateOptions<T> = {}): Promise<WriteResult<T>> {
    const base = input.metadata.generateName ?? '';
    const generated = !input.metadata.name && base !== '';
    for (let attempt = 1; ; attempt++) {
      const object = generated ? { ...input, metadata: { ...input.metadata, name: generateName(this.#random, base) } } : input;
      try {
        return await this.#createOnce(object, context, options);
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        const target = nameOf(object);
        if (generated && attempt < GENERATE_NAME_ATTEMPTS) continue;
        if (base !== '') throw newGenerateNameConflict(this.resource, target.name, 1);
        throw await this.#alreadyExists(target, error as StatusError);
      }
    }
  }

  async #createOnce(input: T, context: WriteContext, options: CreateOptions<T>): Promise<WriteResult<T>> {
    const { definition } = this;
    const strategyContext = this.#strategyContext(context);
    const prepared = prepareCreate(definition, input, { context: strategyContext, uid: this.#random.uuid() });
    const reservation = definition.beginCreate ? await definition.beginCreate(prepared, strategyContext) : undefined;
    let committed = false;
    try {
      let object = reservation ? reservation.object : prepared;
      validateCreate(definition, object, strategyContext, await definition.referenceErrors?.(object));
      warn(context, definition.strategy.warnings?.(object, undefined));
      await options.validate?.(object);
      object = this.normalize(object);
      if (context.dryRun) {
        if (await this.find(nameOf(object))) throw newAlreadyExists(this.resource, object.metadata.name);
        return { object: this.completeStored(object), created: true };
      }
      const stored = await this.storage.create(this.completeStored(object), this.#writeOptions(object, context));
      committed = true;
      return { stored, object: stored.object, created: true };
    } finally {
      settle(reservation, committed);
    }
  }

  async update(target: ObjectName, context: WriteContext, options: UpdateOptions<T>): Promise<WriteResult<T>> {
    for (;;) {
      const attempt = new UpdateAttempt(this, target, { context, options, now: () => this.#clock.now() });
      try {
        const result = await attempt.run();
        if (result) return result;
      } catch (error) {
        attempt.settle(false);
        if (!isNotFound(error) || attempt.sawCurrent) throw error;
        return await this.#createByUpdate(target, context, options);
      }
    }
  }

  async #createByUpdate(target: ObjectName, context: WriteContext, options: UpdateOptions<T>): Promise<WriteResult<T>> {
    const { strategy } = this.definition;
    if (!strategy.allowCreateOnUpdate && !options.allowCreate) {
      throw newNotFound(this.resource, target.name);
    }
    const wanted = await options.change(undefined);
    checkIsNumber(wanted.metadata.resourceVersion);
    const { validate } = options;
    return this.create(wanted, context, validate ? { validate: (object: T) => validate(object, undefined) } : {});
  }

  async delete(target: ObjectName, context: WriteContext, options: DeleteOptions, validate?: (object: T) => Promise<void>): Promise<DeleteResult<T>> {
    validateDeleteOptions(options);
    for (;;) {
      const current = await this.storage.get(target);
      const { object, resourceVersion } = current;
      if (this.definition.marksFirst) checkMarkPreconditions(this.resource, object.metadata, options);
      else checkPreconditions({ group: this.resource.group, resource: this.definition.resource.kind }, object.metadata, options);
      await validate?.(object);
      const marked = object.metadata.deletionTimestamp ? object : (this.definition.prepareForDelete?.(object, this.#clock.now()) ?? object);
      const nowMs = this.#clock.now();
      const { marksFirst } = this.definition;
      const isFirstMark = marksFirst !== undefined && !object.metadata.deletionTimestamp;
      const plan = isFirstMark ? markDeleted(marked, nowMs, marksFirst === 'alone' ? {} : options) : planDeletion(marked, options, { strategy: this.definition.strategy, nowMs });
      if (plan.action === 'alreadyPending') return { object, deleted: false };
      // In the one order of fields: what changes nothing afterwards must find the same bytes.
      const next = this.normalize(plan.object);
      if (context.dryRun) return { object: next, deleted: plan.action === 'remove' };
      try {
        if (plan.action === 'remove') {
          const mustBeSeen = plan.object.metadata.deletionTimestamp && !object.metadata.deletionTimestamp;
          const last = mustBeSeen ? await this.#removeMarked(target, next, resourceVersion) : await this.remove(target, resourceVersion, context);
          return { object: withVersion(next, last), deleted: true };
        }
        const stored = await this.storage.guaranteedUpdate(target, () => next, { preconditions: { resourceVersion }, ...(context.wrote ? { wrote: context.wrote } : {}) });
        return { object: stored.object, deleted: false };
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  /** Whoever watches sees that the object is terminating before it is gone. Once marked, another may be quicker to remove it. */
  async #removeMarked(target: ObjectName, marked: T, resourceVersion: string): Promise<string> {
    const { object, resourceVersion: marks } = await this.storage.guaranteedUpdate(target, () => marked, { preconditions: { resourceVersion } });
    try {
      const removed = await this.storage.delete(target, { preconditions: { uid: object.metadata.uid } });
      this.definition.afterDelete?.(removed.object);
      return removed.resourceVersion;
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
      return marks;
    }
  }

  /** Removes exactly that version; Conflict when it changed. Resolves with the version of the removal. */
  async remove(target: ObjectName, resourceVersion: string, { wrote }: Pick<WriteContext, 'wrote'> = {}): Promise<string> {
    const removed = await this.storage.delete(target, { preconditions: { resourceVersion }, ...(wrote ? { wrote } : {}) });
    this.definition.afterDelete?.(removed.object);
    return removed.resourceVersion;
  }

  async find(target: ObjectName): Promise<StoredObject<T> | undefined> {
    try {
      return await this.storage.get(target);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #alreadyExists(target: ObjectName, error: StatusError): Promise<StatusError> {
    const existing = await this.find(target);
    if (!existing?.object.metadata.deletionTimestamp) return error;
    return new StatusError({ ...error.status, message: `object is being deleted: ${error.message}` });
  }

  /** Whoever reads what is stored gets defaults of what the strategy filled in, too (a Job carries the generated labels of its pods). */
  completeStored(normal: T): T {
    const { strategy } = this.definition;
    if (!strategy.applyDefaults) return normal;
    const fields = Object.keys(normal.metadata).length;
    strategy.applyDefaults(normal);
    // What is new in the metadata stands at its end.
    return Object.keys(normal.metadata).length === fields ? normal : this.normalize(normal);
  }

  #writeOptions(object: T, context: WriteContext): WriteOptions {
    const ttlSeconds = this.definition.ttlSeconds?.(object);
    return { ...(ttlSeconds ? { ttlSeconds } : {}), ...(context.signal ? { signal: context.signal } : {}), ...(context.wrote ? { wrote: context.wrote } : {}) };
  }

  #strategyContext(context: WriteContext): StrategyContext {
    return { ...context, now: this.#clock.now(), warn: (text) => warn(context, [text]) };
  }
}

/** One try of an update: holds what was reserved for it and what it found out. */
class UpdateAttempt<T extends KubernetesObject> {
  sawCurrent = false;
  readonly #registry: Registry<T>;
  readonly #target: ObjectName;
  readonly #context: WriteContext;
  readonly #options: UpdateOptions<T>;
  readonly #now: () => number;
  #reservation: Reservation<T> | undefined;

  constructor(registry: Registry<T>, target: ObjectName, { context, options, now }: { context: WriteContext; options: UpdateOptions<T>; now: () => number }) {
    this.#registry = registry;
    this.#target = target;
    this.#context = context;
    this.#options = options;
    this.#now = now;
  }

  /** Undefined: somebody else wrote in between while this update would have ended the object; try again. */
  async run(): Promise<WriteResult<T> | undefined> {
    const { storage, definition } = this.#registry;
    if (this.#context.dryRun) {
      const current = await storage.get(this.#target);
      const object = await this.#next(current.object);
      this.settle(false);
      return { object, created: false };
    }
    let ending: { readonly next: T; readonly resourceVersion: string } | undefined;
    const { ttlSeconds } = definition;
    const { wrote } = this.#context;
    const stored = await storage.guaranteedUpdate(
      this.#target,
      async (current) => {
        this.settle(false);
        ending = undefined;
        const next = await this.#next(current);
        if (!isDeletedByUpdate(next, current, definition.strategy)) return next;
        ending = { next, resourceVersion: current.metadata.resourceVersion ?? '' };
        return current;
      },
      { ...(ttlSeconds ? { ttlSeconds: ttlSeconds(undefined) ?? 0 } : {}), ...(wrote ? { wrote } : {}) },
    );
    this.settle(true);
    if (!ending) return { stored, object: stored.object, created: false };
    try {
      await this.#registry.remove(this.#target, ending.resourceVersion, this.#context);
      return { object: ending.next, created: false };
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  async #next(current: T): Promise<T> {
    this.sawCurrent = true;
    const { definition, resource } = this.#registry;
    const { preconditionUid, change, validate, finish } = this.#options;
    if (preconditionUid && current.metadata.uid !== preconditionUid) {
      // A dry run does not come as far as the store that knows the prefix.
      const key = `${this.#context.dryRun ? '' : '/registry'}/${storagePrefixOf(definition)}/${definition.strategy.namespaced ? `${this.#target.namespace}/` : ''}${this.#target.name}`;
      const reason = `Precondition failed: UID in precondition: ${preconditionUid}, UID in object meta: ${current.metadata.uid}`;
      throw newConflict(resource, this.#target.name, `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${reason}`);
    }
    const wanted = await change(current);
    checkResourceVersion(definition, wanted, current);
    const context: StrategyContext = { ...this.#context, now: this.#now(), warn: (text) => warn(this.#context, [text]) };
    let next = prepareUpdate(definition, wanted, current, context);
    if (definition.beginUpdate && context.subresource === undefined) {
      this.#reservation = await definition.beginUpdate(next, current, context);
      next = this.#reservation.object;
    }
    validateUpdate(definition, next, current, context);
    const { strategy } = definition;
    warn(this.#context, context.subresource === 'status' ? strategy.status?.warnings?.(next) : strategy.warnings?.(next, current));
    await validate?.(next, current);
    const given = this.#registry.normalize(next);
    const normal = this.#context.dryRun ? given : this.#registry.completeStored(given);
    return finish ? finish(normal, current) : normal;
  }

  settle(committed: boolean): void {
    settle(this.#reservation, committed);
    this.#reservation = undefined;
  }
}

export function nameOf({ metadata: { namespace, name } }: KubernetesObject): ObjectName {
  return namespace ? { namespace, name } : { name };
}

function withVersion<T extends KubernetesObject>(object: T, resourceVersion: string): T {
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

function settle(reservation: Reservation<unknown> | undefined, committed: boolean): void {
  if (committed) reservation?.commit();
  else reservation?.rollback();
}

function warn(context: WriteContext, texts: readonly string[] | undefined): void {
  for (const text of texts ?? []) addWarningTo(context.warnings, text);
}
