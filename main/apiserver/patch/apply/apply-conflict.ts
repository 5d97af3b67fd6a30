import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import type { ManagedFieldsEntry } from '../../../../kube/apimachinery/object-meta.ts';
import type { StatusError } from '../../../../kube/apimachinery/status.ts';
import { newApplyConflict } from '../../../../kube/apimachinery/status-errors.ts';
import { fieldSetOf, hasPath, type FieldSet } from './field-set.ts';
import { formatPath, type PathElement } from './path-element.ts';

export interface Conflict {
  /** A manager identifier. */
  readonly manager: string;
  readonly path: readonly PathElement[];
}

/** Fields that the applied configuration would change although others own them. Becomes 409 unless force takes them. */
export class ApplyConflicts extends Error {
  override readonly name = 'ApplyConflicts';
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    super(conflictMessage(conflicts));
    this.conflicts = conflicts;
  }

  get fields(): FieldSet {
    return fieldSetOf(...this.conflicts.map(({ path }) => path));
  }

  without(fields: FieldSet): ApplyConflicts {
    return new ApplyConflicts(this.conflicts.filter(({ path }) => !hasPath(fields, path)));
  }

  toStatusError(): StatusError {
    const causes = this.conflicts.map(({ manager, path }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${formatManager(manager)}`,
      field: formatPath(path),
    }));
    return newApplyConflict(causes, this.message);
  }
}

function conflictMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${formatManager(first.manager)}: ${formatPath(first.path)}`;
  }
  const byManager = Map.groupBy(conflicts, ({ manager }) => manager);
  const lines = [...byManager.keys()]
    .sort()
    .flatMap((manager) => [`conflicts with ${formatManager(manager)}:`, ...(byManager.get(manager) ?? []).map(({ path }) => `- ${formatPath(path)}`)]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

/** `"kubectl" using apps/v1`, `"m1" with subresource "status"`. */
function formatManager(identifier: string): string {
  const { manager = '', operation, apiVersion, subresource } = JSON.parse(identifier) as ManagedFieldsEntry;
  const name = subresource === undefined ? goQuote(manager) : `${goQuote(manager)} with subresource ${goQuote(subresource)}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
