import { join } from 'node:path';
import type { ApiServerOptions } from '../apiserver/api-server.ts';
import { readIfExists } from './atomic-file.ts';

/**
 * `tokens.csv` in the data directory, in the format of kube-apiserver's --token-auth-file: `token,user,uid,"group1,group2"`.
 * There is none unless somebody puts it there (tests and tools that cannot use client certificates do).
 */
export async function readStaticTokens(dataDirectory: string): Promise<ApiServerOptions['staticTokens']> {
  const text = await readIfExists(join(dataDirectory, 'tokens.csv'));
  if (text === undefined) return undefined;
  const rows = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')).map(parseRow);
  return Object.fromEntries(rows.map(([token, name, uid, groups]) => [token, { name, uid, groups }] as const));
}

function parseRow(line: string): readonly [string, string, string, readonly string[]] {
  const match = /^([^,"]+),([^,"]+),([^,"]*)(?:,"?([^"]*)"?)?$/u.exec(line);
  if (match === null) throw new Error('Cannot read tokens.csv: each line must be token,user,uid,"group1,group2"');
  const [, token = '', name = '', uid = '', groups = ''] = match;
  return [token, name, uid, groups.split(',').map((group) => group.trim()).filter((group) => group !== '')];
}
