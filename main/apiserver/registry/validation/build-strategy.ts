import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { ScaleStrategy, StatusStrategy, Strategy, StrategyContext } from '../generic/strategy.ts';
import { FieldErrors } from './field-errors.ts';
import { withoutStatus, withSpecOf, withStatusOf } from './parts.ts';

type Check<T> = (obj: T, errors: FieldErrors, context: StrategyContext) => void;
type CheckUpdate<T> = (next: T, previous: T, errors: FieldErrors, context: StrategyContext) => void;

/** What tells one resource from the others; everything left out is as most resources have it. */
export interface StrategyParts<T extends KubernetesObject> {
  readonly namespaced: boolean;
  readonly defaults?: (obj: T) => void;
  readonly check?: Check<T>;
  readonly checkUpdate?: CheckUpdate<T>;
  /** Whether an update runs `check` of the next object too: `last`, after `checkUpdate`, is the default. */
  readonly recheckOnUpdate?: 'first' | 'last' | false;
  readonly prepareForCreate?: (obj: T, context: StrategyContext) => T;
  readonly prepareForUpdate?: (next: T, previous: T, context: StrategyContext) => T;
  /** Whether there is a status subresource, and what is checked of it. */
  readonly status?: {
    readonly check?: CheckUpdate<T>;
    readonly prepare?: (next: T, previous: T, context: StrategyContext) => T;
    readonly warnings?: (next: T) => readonly string[];
    /** Creates may bring a status (Nodes register with one). */
    readonly keptOnCreate?: boolean;
  };
  /** The object with fields of disabled features dropped, which its previous version does not use either. Before the other preparations. */
  readonly dropDisabled?: (obj: T, previous: T | undefined) => T;
  readonly generation?: Strategy<never>['generation'];
  readonly allowCreateOnUpdate?: boolean;
  readonly allowUnconditionalUpdate?: boolean;
  readonly orphansByDefault?: boolean;
  readonly ignoresPropagation?: boolean;
  readonly specFinalizers?: (obj: T) => readonly string[];
  readonly selectableFields?: (obj: T) => Readonly<Record<string, string>>;
  readonly warnings?: (obj: T, previous: T | undefined) => readonly string[];
  readonly scale?: ScaleStrategy<T>;
  readonly subresources?: Readonly<Record<string, StatusStrategy<T>>>;
}

export function buildStrategy<T extends KubernetesObject>(parts: StrategyParts<T>): Strategy<T> {
  const { namespaced, defaults, status, specFinalizers, selectableFields, warnings, scale, subresources, dropDisabled = (obj) => obj } = parts;
  return {
    namespaced,
    allowCreateOnUpdate: parts.allowCreateOnUpdate ?? false,
    allowUnconditionalUpdate: parts.allowUnconditionalUpdate ?? true,
    generation: parts.generation ?? false,
    prepareForCreate(given, context) {
      const obj = dropDisabled(given, undefined);
      const bare = status === undefined || status.keptOnCreate ? obj : withoutStatus(obj);
      return parts.prepareForCreate?.(bare, context) ?? bare;
    },
    validate: (obj, context) => collect((errors) => parts.check?.(obj, errors, context)),
    prepareForUpdate(given, previous, context) {
      const next = dropDisabled(given, previous);
      const kept = status === undefined ? next : withStatusOf(next, previous);
      return parts.prepareForUpdate?.(kept, previous, context) ?? kept;
    },
    validateUpdate: (next, previous, context) =>
      collect((errors) => {
        const { recheckOnUpdate = 'last' } = parts;
        if (recheckOnUpdate === 'first') parts.check?.(next, errors, context);
        parts.checkUpdate?.(next, previous, errors, context);
        if (recheckOnUpdate === 'last') parts.check?.(next, errors, context);
      }),
    ...(parts.orphansByDefault ? { orphansByDefault: true } : {}),
    ...(parts.ignoresPropagation ? { ignoresPropagation: true } : {}),
    ...(defaults === undefined ? {} : { applyDefaults: defaults }),
    ...(status === undefined ? {} : { status: statusStrategy(status) }),
    ...(specFinalizers === undefined ? {} : { specFinalizers }),
    ...(selectableFields === undefined ? {} : { selectableFields }),
    ...(warnings === undefined ? {} : { warnings }),
    ...(scale === undefined ? {} : { scale }),
    ...(subresources === undefined ? {} : { subresources }),
  };
}

function statusStrategy<T extends KubernetesObject>({ check, prepare, warnings }: NonNullable<StrategyParts<T>['status']>): StatusStrategy<T> {
  return {
    prepareForUpdate: (next, previous, context) => (prepare ?? withSpecOf)(next, previous, context),
    validateUpdate: (next, previous, context) => collect((errors) => check?.(next, previous, errors, context)),
    ...(warnings === undefined ? {} : { warnings }),
  };
}

export function collect(run: (errors: FieldErrors) => void): FieldErrors['list'] {
  const errors = new FieldErrors();
  run(errors);
  return errors.list;
}
