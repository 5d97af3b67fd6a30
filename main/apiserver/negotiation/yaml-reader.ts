import { boolYaml11Tag, load, mapTag, mergeTag, nullYaml11Tag, Schema, seqTag, strTag, YAMLException } from 'js-yaml';
import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { maxNesting } from '../../../kube/apimachinery/json.ts';
import { firstYamlDocument } from './yaml-documents.ts';
import { yamlDuplicateKeys } from './yaml-duplicate-keys.ts';
import { yamlError } from './yaml-errors.ts';
import { goFloatTag, goIntTag } from './yaml-numbers.ts';

/** YAML 1.1 as go-yaml reads it for Kubernetes: `yes` is true, timestamps stay text. */
const kubernetesSchema = new Schema([strTag, nullYaml11Tag, boolYaml11Tag, goIntTag, goFloatTag, mergeTag, seqTag, mapTag]);

/** Aliases multiply a small text into a large object; nobody needs many. */
const MAX_ALIASES = 1000;
/** Values after aliases are followed; a 3 MiB request cannot honestly have more. */
const MAX_VALUES = 2_000_000;

export interface YamlRead {
  readonly value: unknown;
  /** go-yaml's strict error about repeated keys; undefined when there are none. */
  readonly duplicateError?: string;
}

/** Reads the first document. Throws GoDecodeError with a go-yaml style text when it is not YAML. */
export function readYaml(stream: string): YamlRead {
  const text = firstYamlDocument(stream);
  const options = { schema: kubernetesSchema, maxDepth: maxNesting, maxAliases: MAX_ALIASES };
  try {
    return { value: bounded(load(text, options)) };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    if (error.reason.includes('input is empty')) return { value: null };
    if (!/duplicat/i.test(error.reason)) throw yamlError(error, text);
    return { value: bounded(load(text, { ...options, json: true })), duplicateError: ['yaml: unmarshal errors:', ...yamlDuplicateKeys(text, { maxDepth: maxNesting }).map((problem) => `  ${problem}`)].join('\n') };
  }
}

/** Refuses documents that aliases blow up. */
function bounded(value: unknown): unknown {
  let left = MAX_VALUES;
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    left -= 1;
    if (left < 0) throw new GoDecodeError('yaml: document contains excessive aliasing');
    if (typeof next === 'object' && next !== null) {
      for (const member of Object.values(next)) if (typeof member === 'object') pending.push(member);
    }
  }
  return value;
}
