import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { dataDirectory } from '../cluster/data-directory.ts';
import type { DataDirectory } from '../cluster/data-directory.ts';
import { UsageError } from './usage-error.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** parseArgs with the options that every command takes, and its errors as UsageError. */
export function parseCommand<T extends Options>(args: readonly string[], options: T, { positionals = false } = {}) {
  try {
    const parsed = parseArgs({ args: [...args], allowPositionals: positionals, options: { ...options, 'data-dir': { type: 'string' }, output: { type: 'string', short: 'o' } } as T & { 'data-dir': { type: 'string' }; output: { type: 'string'; short: 'o' } } });
    const values = parsed.values as typeof parsed.values & { 'data-dir'?: string; output?: string };
    if (values.output !== undefined && values.output !== 'json') throw new UsageError(`--output "${values.output}" is not known; use json`);
    const directory: DataDirectory = values['data-dir'] === undefined ? dataDirectory() : dataDirectory(values['data-dir']);
    return { values, positionals: parsed.positionals, directory, json: values.output === 'json' };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
