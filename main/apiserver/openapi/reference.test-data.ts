import { existsSync, readFileSync } from 'node:fs';

/**
 * Recordings of the reference control plane. They live beside the repository, not in it: tests that need them are skipped,
 * saying so, where they are absent.
 */
const root = new URL('../../../../shared/data/kubernetes-1.36.2/', import.meta.url);

export function hasReference(): boolean {
  const present = existsSync(root);
  if (!present) console.log('skipped: no reference data in ../shared/data/kubernetes-1.36.2');
  return present;
}

/** A JSON file of the reference, `swagger.json`, `golden/api/discovery.json`. */
export function reference(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, root), 'utf8'));
}

export interface RecordedStep {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly response: { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown };
}

/** All steps of one file of golden/api. */
export function recordedSteps(file: string): readonly (RecordedStep & { readonly name: string })[] {
  const cases = reference(`golden/api/${file}.json`) as readonly { readonly name: string; readonly steps: readonly RecordedStep[] }[];
  return cases.flatMap(({ name, steps }) => steps.map((step) => ({ ...step, name })));
}
