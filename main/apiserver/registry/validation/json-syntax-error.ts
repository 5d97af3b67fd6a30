import { GoDecodeError } from '../../../../kube/api/go-json-error.ts';
import { scanJson } from '../../negotiation/json-scanner.ts';

/** Go's message about text that is no JSON object; undefined when it is one. */
export function jsonSyntaxError(json: string | Uint8Array): string | undefined {
  const text = typeof json === 'string' ? json : Buffer.from(json).toString();
  try {
    if (typeof json === 'string') scanJson(json);
    else scanJson(Buffer.from(json).toString('latin1'), { isBytes: true });
  } catch (error) {
    if (error instanceof GoDecodeError) return error.message;
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && !Array.isArray(value)) return undefined;
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
}
