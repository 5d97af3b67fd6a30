import { humanDuration } from '../../../kube/apimachinery/duration.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { parseTime } from '../../../kube/apimachinery/time.ts';
import { type Cell, NAME, type PrintContext, type Printer } from '../negotiation/printers/printer.ts';
import { describeField } from '../openapi/descriptions.ts';
import { findByJsonPath, type JsonPath, parseJsonPath } from './json-path.ts';

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

const ageColumn = (): PrinterColumn => ({ name: 'Age', type: 'date', description: describeField('meta/v1.ObjectMeta.creationTimestamp'), jsonPath: '.metadata.creationTimestamp' });

/** Of the Scale of a custom resource. */
export function customScalePrinter(): Printer {
  return customPrinter([
    { name: 'Desired', type: 'integer', description: 'Number of desired replicas', jsonPath: '.spec.replicas' },
    { name: 'Available', type: 'integer', description: 'Number of actual replicas', jsonPath: '.status.replicas' },
    ageColumn(),
  ]);
}

/** `kubectl get` of a custom resource (upstream: apiextensions-apiserver, pkg/registry/customresource/tableconvertor). */
export function customPrinter(columns: readonly PrinterColumn[] | undefined): Printer {
  const own = columns && columns.length > 0 ? columns : [ageColumn()];
  const paths = own.map(({ jsonPath }) => parseJsonPath(jsonPath));
  return {
    columns: [NAME],
    ownColumns: own.map(({ name, type, format = '', description = '', priority = 0 }) => ({
      name, type, format, description: description === '' ? `Custom resource definition column (in JSONPath format): ${own.find((one) => one.name === name)?.jsonPath ?? ''}` : description, priority,
    })),
    cells: (object, context) => [object.metadata.name ?? '', ...own.map((column, index) => cellOf(object, column, paths[index], context))],
  };
}

function cellOf(object: KubernetesObject, { type }: PrinterColumn, path: JsonPath | undefined, context: PrintContext): Cell {
  if (!path) return null;
  const [value] = findByJsonPath(object, path);
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? ageOf(value, context) : null;
    default:
      return null;
  }
}

function ageOf(time: string, { nowMs }: PrintContext): string {
  const ms = parseTime(time);
  return ms === undefined ? '<invalid>' : humanDuration(nowMs - ms);
}
