import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import type { KubernetesList, KubernetesObject, ListMeta } from '../../../kube/apimachinery/object-meta.ts';
import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { newBadRequest } from '../../../kube/apimachinery/status-errors.ts';
import type { TableOptions, TablePrinter } from '../endpoints/table-printer.ts';
import type { ServedResource } from '../registry/catalog.ts';
import { inVersion } from '../endpoints/answer.ts';
import type { Printer } from './printers/printer.ts';
import { toTable, type Table } from './table.ts';

const INCLUDE = ['None', 'Metadata', 'Object'] as const;

function includeObject(query: URLSearchParams): (typeof INCLUDE)[number] {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  const known = INCLUDE.find((one) => one === value);
  if (!known) {
    const reason = `includeObject: Invalid value: ${goQuote(value)}: must be 'Metadata', 'Object', 'None', or empty`;
    throw newBadRequest(`Unable to convert to Table as requested: ${reason}`);
  }
  return known;
}

/** Tables for the endpoints: the kind comes from the object (a Scale has columns of its own), lists from the resource. */
export function createTablePrinter(clock: Clock): TablePrinter {
  const ownPrinter = ({ printer, custom }: ServedResource): { readonly printer?: Printer } => (printer ? { printer } : custom ? { printer: custom.printer } : {});
  const table = (gvk: { group: string; version: string; kind: string }, objects: readonly KubernetesObject[], rest: { served: ServedResource; metadata: ListMeta; options: TableOptions }): Table =>
    toTable(gvk, objects, {
      ...ownPrinter(rest.served),
      version: rest.options.version,
      includeObject: includeObject(rest.options.query),
      wholeObject: (object) => rest.options.wholeObject ?? inVersion(rest.served, object),
      nowMs: clock.now(),
      metadata: rest.metadata,
      withColumns: rest.options.withoutHeaders !== true,
    });
  return {
    objectTable(served: ServedResource, object: KubernetesObject, options: TableOptions) {
      const { resourceVersion } = object.metadata;
      const metadata = resourceVersion === undefined ? {} : { resourceVersion };
      return table({ ...parseApiVersion(object.apiVersion), kind: object.kind }, [object], { served, metadata, options });
    },
    listTable(served: ServedResource, list: KubernetesList<KubernetesObject>, options: TableOptions) {
      const { continue: token, resourceVersion, ...rest } = list.metadata;
      const gvk = (served.custom ? undefined : served.registry?.definition.resource) ?? served.info;
      return table(gvk, list.items, { served, metadata: { ...(resourceVersion === undefined ? {} : { resourceVersion }), ...(token ? { continue: token } : {}), ...rest }, options });
    },
  };
}
