import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';
import type { KubernetesObject, ListMeta } from '../../../kube/apimachinery/object-meta.ts';
import { describeField } from '../openapi/descriptions.ts';
import { toPartialMetadata } from './partial-metadata.ts';
import { AGE, type Cell, NAME, type Printer, type RowCondition } from './printers/printer.ts';
import { createdAtPrinter, printerOf } from './printers/registry.ts';

/** meta.k8s.io Table, what `kubectl get` asks for. */
export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: string;
  readonly metadata: ListMeta;
  /** null in every watch event but the first. */
  readonly columnDefinitions: readonly TableColumn[] | null;
  /** null when there are none and the kind has no printer upstream. */
  readonly rows: readonly TableRow[] | null;
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 with -o wide. */
  readonly priority: number;
}

export interface TableRow {
  readonly cells: readonly Cell[];
  readonly conditions?: readonly RowCondition[];
  readonly object: unknown;
}

export interface TableOptions {
  /** v1 or v1beta1, from MediaType.as. */
  readonly version: string;
  /** The `includeObject` query parameter; absent is Metadata. */
  readonly includeObject?: 'None' | 'Metadata' | 'Object';
  /** What a row has of `includeObject=Object`. Default: the object itself. */
  readonly wholeObject?: (object: KubernetesObject) => object;
  readonly nowMs: number;
  /** Of the list; for a single object {resourceVersion} of it. */
  readonly metadata: ListMeta;
  /** false for later watch events. Default true. */
  readonly withColumns?: boolean;
  /** Custom resources bring their own (additionalPrinterColumns). */
  readonly printer?: Printer;
}

function column(definition: string): TableColumn {
  const [name = '', type = '', priority = '0', ...description] = definition.split('|');
  if (name === NAME) {
    return { name: 'Name', type: 'string', format: 'name', description: describeField('meta/v1.ObjectMeta.name'), priority: Number(type || 0) };
  }
  if (name === AGE) return { name: 'Age', type: 'string', format: '', description: describeField('meta/v1.ObjectMeta.creationTimestamp'), priority: 0 };
  const text = description.join('|');
  const [kind = '', format = ''] = type.split('/');
  return { name, type: kind, format, description: text.startsWith('@') ? describeField(text.slice(1)) : text, priority: Number(priority) };
}

/** Full upstream columns for every built-in kind, wide ones included: the client decides what to show. */
export function tableColumns(printer: Printer): readonly TableColumn[] {
  return [...printer.columns.map(column), ...(printer.ownColumns ?? [])];
}

/** Converts the objects of one kind to a Table; gvk is the kind of one object, not of the list. */
export function toTable(gvk: GroupVersionKind, objects: readonly KubernetesObject[], options: TableOptions): Table {
  const printer = options.printer ?? printerOf(gvk);
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: options.metadata,
    columnDefinitions: options.withColumns === false ? null : tableColumns(printer),
    rows: objects.length === 0 && printer === createdAtPrinter ? null : (printer.inOrder ? objects.toSorted(printer.inOrder) : objects).map((object) => tableRow(object, printer, options)),
  };
}

function tableRow(object: KubernetesObject, printer: Printer, options: TableOptions): TableRow {
  const conditions = printer.conditions?.(object);
  // Bookmarks have no name, nor anything else.
  const cells = printer.cells(object, { nowMs: options.nowMs }).map((cell) => cell ?? (cell === null ? null : ''));
  return { cells, ...(conditions ? { conditions } : {}), object: rowObject(object, options) };
}

function rowObject(object: KubernetesObject, { includeObject, wholeObject, version }: TableOptions): unknown {
  if (includeObject === 'None') return null;
  return includeObject === 'Object' ? (wholeObject?.(object) ?? object) : toPartialMetadata(object, { version });
}
