import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GeneratedFile } from './type-files.ts';

/** Descriptions of query and path parameters, from the doc comments of client-node's CoreV1Api; keys as in main/apiserver/openapi/parameters.ts. */
const sources: Readonly<Record<string, readonly string[]>> = {
  listNamespacedPod: [
    'allowWatchBookmarks', 'continue', 'fieldSelector', 'labelSelector', 'limit', 'pretty', 'resourceVersion', 'resourceVersionMatch',
    'sendInitialEvents', 'shardSelector', 'timeoutSeconds', 'watch', 'namespace',
  ],
  createNamespacedPod: ['dryRun', 'fieldManager', 'fieldValidation'],
  patchNamespacedPod: ['fieldManager:patch', 'force'],
  deleteNamespacedPod: ['gracePeriodSeconds', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'orphanDependents', 'propagationPolicy'],
  connectGetNamespacedPodAttach: ['container:attach', 'stderr:attach', 'stdin:attach', 'stdout:attach', 'tty:attach'],
  connectGetNamespacedPodExec: ['command', 'container:exec', 'stderr:exec', 'stdin:exec', 'stdout:exec', 'tty:exec'],
  connectGetNamespacedPodPortforward: ['ports'],
  readNamespacedPodLog: [
    'container:log', 'follow', 'insecureSkipTLSVerifyBackend', 'limitBytes', 'previous', 'sinceSeconds', 'stream', 'tailLines', 'timestamps',
  ],
  connectGetNamespacedPodProxy: ['path:pod'],
  connectGetNamespacedServiceProxy: ['path:service'],
  connectGetNodeProxy: ['path:node'],
};

const entities: Readonly<Record<string, string>> = { quot: '"', '#39': "'", '#x60': '`', '#x3D': '=', lt: '<', gt: '>', amp: '&' };

function unescape(text: string): string {
  return text.replace(/\\?&([#\w]+);/g, (whole, name: string) => entities[name] ?? whole).replace(/\\(['"])/g, '$1');
}

/** Whose parameters are told in paragraphs; other texts have two spaces after some sentences. */
const PARAGRAPHS = 'listNamespacedPod';

/**
 * The line breaks of a text whose every one became a space. Indentations are even: of three spaces the first was a break, of four the first two
 * were. Two spaces begin a paragraph after a sentence or after lines that were indented; there is one text with two spaces of its own.
 */
export function withLineBreaks(text: string): string {
  let isIndented = false;
  return text.replaceAll(/(?<=(\S)) +(?=(-?))/g, (spaces, before: string, dash: string) => {
    if (spaces.length === 1) return isIndented && dash === '-' ? '\n' : spaces;
    if (spaces.length === 2) {
      if (!isIndented && !/[.:"]/.test(before)) return spaces;
      isIndented = false;
      return '\n\n';
    }
    isIndented = true;
    return spaces.length % 2 === 0 ? `\n\n${spaces.slice(2)}` : `\n${spaces.slice(1)}`;
  });
}

function parameterTexts(text: string, method: string): ReadonlyMap<string, string> {
  const end = text.indexOf(`\n    ${method}(`);
  const comment = text.slice(text.lastIndexOf('/**', end), end);
  return new Map([...comment.matchAll(/\* @param (\w+) (.*)/g)].map(([, name = '', description = '']) => [name.replace(/^_/, ''), unescape(description)]));
}

export function parameterTextFile(nodeModules: string): GeneratedFile {
  const text = readFileSync(join(nodeModules, '@kubernetes/client-node/dist/gen/apis/CoreV1Api.d.ts'), 'utf8');
  const entries = Object.entries(sources).flatMap(([method, keys]) => {
    const texts = parameterTexts(text, method);
    const read = method === PARAGRAPHS ? withLineBreaks : String;
    return keys.map((key) => [key, read(texts.get(key.replace(/:.*/, '')) ?? '')] as const);
  });
  return { path: 'descriptions/parameters.json', text: `${JSON.stringify(Object.fromEntries(entries))}\n` };
}
