import { declare, type FunctionDeclaration, global } from '../declarations.ts';
import { STRING } from '../types.ts';

/** Upstream: apiserver/pkg/cel/library/jsonpatch.go. */
export function jsonPatchFunctions(): readonly FunctionDeclaration[] {
  return [declare('jsonpatch.escapeKey', global('string_jsonpatch_escapeKey_string', [STRING], STRING, (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')))];
}
