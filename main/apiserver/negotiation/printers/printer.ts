import { humanDuration } from '../../../../kube/apimachinery/duration.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { parseTime } from '../../../../kube/apimachinery/time.ts';

/** How one kind is printed as a Table row (upstream: pkg/printers/internalversion/printers.go, 1.36). */
export interface Printer<T extends KubernetesObject = KubernetesObject> {
  /**
   * One line a column: `Name|type|priority|description`. `#name` and `#age` are the metadata's columns. A description that
   * starts with `@` names the field whose description it is: `@core/v1.PodStatus.podIP`.
   */
  readonly columns: readonly string[];
  /** Columns beyond those, which may have a format of their own. */
  readonly ownColumns?: readonly OwnColumn[];
  /** As many cells as columns, the wide ones (priority 1) included. */
  cells(object: T, context: PrintContext): readonly Cell[];
  conditions?(object: T): readonly RowCondition[] | undefined;
  /** How rows are sorted, where that is not the order of the list (by name). */
  inOrder?(a: T, b: T): number;
}

export interface OwnColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

export type Cell = string | number | boolean | null;

export interface RowCondition {
  readonly type: 'Completed';
  readonly status: 'True';
  readonly reason?: string;
  readonly message?: string;
}

export interface PrintContext {
  readonly nowMs: number;
}

export const NAME = '#name';
export const AGE = '#age';
export const NONE = '<none>';
export const UNSET = '<unset>';
export const UNKNOWN = '<unknown>';

/** Fixes the object type of a printer where it is listed among others. */
export function printer<T extends KubernetesObject>(definition: Printer<T>): Printer {
  return definition as unknown as Printer;
}

/** Time since, `<unknown>` when absent. */
export function since(time: string | undefined | null, { nowMs }: PrintContext): string {
  const ms = parseTime(time ?? undefined);
  return ms === undefined ? UNKNOWN : humanDuration(nowMs - ms);
}

export function age(object: KubernetesObject, context: PrintContext): string {
  return since(object.metadata.creationTimestamp, context);
}

/** `a=b,c=d` by key, `<none>` when empty. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? NONE : pairs.sort().join(',');
}

export function orNone(text: string | undefined): string {
  return text === undefined || text === '' ? NONE : text;
}

interface NamedContainer {
  readonly name: string;
  readonly image?: string;
}

/** Names and images of a template's containers, as wide columns show them. */
export function containerCells(template: { readonly spec?: { readonly containers?: readonly NamedContainer[] } } | undefined): readonly [string, string] {
  const containers = template?.spec?.containers ?? [];
  return [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image ?? '').join(',')];
}

/** `a,b,c + 2 more...` */
export function listWithMore(items: readonly string[], max: number): string {
  const head = items.slice(0, max).join(',');
  return items.length > max ? `${head} + ${items.length - max} more...` : head;
}

export const CONTAINERS = 'Containers|string|1|Names of each container in the template.';
export const IMAGES = 'Images|string|1|Images referenced by each container in the template.';
