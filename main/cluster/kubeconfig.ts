import { mkdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { readIfExists, writeFileAtomic } from './atomic-file.ts';
import type { KeyPair } from './certificates.ts';

export interface KubeconfigInput {
  /** Also the context's name: `coracle`. */
  readonly clusterName: string;
  readonly server: string;
  readonly authorityCertificate: string;
  readonly admin: KeyPair;
}

interface NamedEntry {
  readonly name: string;
  readonly [key: string]: unknown;
}

/** A self-contained kubeconfig (certificates inline) with its one context current. */
export function renderKubeconfig(input: KubeconfigInput): string {
  const { cluster, user, context } = entries(input);
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters: [cluster], users: [user], contexts: [context], 'current-context': context.name, preferences: {} }, undefined, 2)}\n`;
}

/**
 * Merges the one context of `kubeconfig` (as {@link renderKubeconfig} wrote it) into the file, leaving everything else, comments
 * included, as it is. The current context is set only where the file had none. Follows symbolic links, replaces the file in one step.
 * Resolves with the context's name.
 */
export async function mergeKubeconfigFile(path: string, kubeconfig: string): Promise<string> {
  const own = JSON.parse(kubeconfig) as { clusters: NamedEntry[]; users: NamedEntry[]; contexts: NamedEntry[]; 'current-context': string };
  const target = await realpath(path).catch(() => path);
  const text = await readIfExists(target);
  const document = parseDocument(text === undefined || text.trim() === '' ? 'apiVersion: v1\nkind: Config\n' : text);
  const problem = document.errors[0];
  if (problem !== undefined) throw new Error(`Cannot merge into "${path}": it is not valid YAML: ${problem.message}`);
  for (const list of ['clusters', 'users', 'contexts'] as const) {
    for (const entry of own[list]) putNamed(document, list, entry);
  }
  const context = own['current-context'];
  if (!document.get('current-context')) document.set('current-context', context);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await writeFileAtomic(target, document.toString());
  return context;
}

function entries(input: KubeconfigInput): { cluster: NamedEntry; user: NamedEntry; context: NamedEntry } {
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');
  const user = `${input.clusterName}-admin`;
  return {
    cluster: { name: input.clusterName, cluster: { server: input.server, 'certificate-authority-data': base64(input.authorityCertificate) } },
    user: { name: user, user: { 'client-certificate-data': base64(input.admin.certificate), 'client-key-data': base64(input.admin.key) } },
    context: { name: input.clusterName, context: { cluster: input.clusterName, user } },
  };
}

function putNamed(document: Document, list: string, entry: NamedEntry): void {
  const node = document.get(list);
  const items: readonly unknown[] = hasItems(node) ? node.items : [];
  const index = items.findIndex((item) => nameOf(item) === entry.name);
  if (!hasItems(node)) document.set(list, document.createNode([entry]));
  else if (index >= 0) document.setIn([list, index], document.createNode(entry));
  else document.addIn([list], document.createNode(entry));
}

function hasItems(node: unknown): node is { readonly items: readonly unknown[] } {
  return typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items);
}

function nameOf(item: unknown): unknown {
  return typeof item === 'object' && item !== null && 'get' in item && typeof item.get === 'function' ? item.get('name') : undefined;
}
