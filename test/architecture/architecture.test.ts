import { describe, expect, it } from 'vitest';
import { productFiles } from './source-files.ts';
import type { SourceFile } from './source-files.ts';

const files = productFiles();

/** Who may import whom, besides itself: the table of docs/ARCHITECTURE.md. The first matching row counts. */
const table: readonly { readonly folder: string; readonly may: readonly string[] }[] = [
  { folder: 'kube/apimachinery/', may: [] },
  { folder: 'kube/api/', may: ['kube/apimachinery/'] },
  { folder: 'kube/client/', may: ['kube/api/', 'kube/apimachinery/'] },
  { folder: 'main/etcd/', may: ['kube/apimachinery/'] },
  { folder: 'main/apiserver/', may: ['main/etcd/', 'kube/'] },
  { folder: 'main/scheduler/', may: ['kube/'] },
  { folder: 'main/controller-manager/', may: ['kube/'] },
  { folder: 'main/nodes/', may: ['kube/', 'images/'] },
  { folder: 'main/image-registry/', may: ['kube/', 'images/'] },
  { folder: 'main/ingress/', may: ['kube/'] },
  { folder: 'main/trace/', may: ['kube/'] },
  { folder: 'main/bridge/', may: ['kube/'] },
  { folder: 'main/cluster/', may: ['main/etcd/', 'main/apiserver/', 'main/scheduler/', 'main/controller-manager/', 'main/nodes/', 'main/ingress/', 'main/image-registry/', 'main/trace/', 'main/bridge/', 'kube/', 'images/'] },
  { folder: 'main/daemon/', may: ['main/cluster/', 'main/bridge/', 'kube/'] },
  { folder: 'main/cli/', may: ['main/cluster/', 'main/daemon/launch/', 'main/bridge/', 'kube/', 'images/'] },
  { folder: 'main/app/', may: ['main/bridge/', 'main/daemon/'] },
  { folder: 'agent/runtime/', may: ['kube/apimachinery/'] },
  { folder: 'agent/network/', may: ['kube/apimachinery/'] },
  { folder: 'agent/dns/', may: ['kube/apimachinery/', 'kube/client/', 'kube/api/'] },
  { folder: 'agent/kubelet/', may: ['agent/agent-context.ts', 'agent/runtime/', 'agent/network/', 'kube/'] },
  { folder: 'agent/kube-proxy/', may: ['agent/network/', 'kube/'] },
  { folder: 'agent/', may: ['agent/', 'kube/'] },
  { folder: 'renderer/', may: ['main/bridge/contract.ts', 'main/bridge/messages.ts', 'main/bridge/bridge-client.ts', 'kube/'] },
  { folder: 'images/', may: ['main/cluster/data-directory.ts'] },
];

function folderOf(path: string): (typeof table)[number] | undefined {
  return table.find((row) => path.startsWith(row.folder));
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gmu, '');
}

function violations(check: (file: SourceFile) => readonly string[]): readonly string[] {
  return files.flatMap((file) => check(file).map((problem) => `${file.path}: ${problem}`));
}

describe('the import table', () => {
  it('holds for every import', () => {
    expect(
      violations((file) => {
        const row = folderOf(file.path);
        if (row === undefined) return ['is in no folder of the table'];
        const own = file.imports.filter((entry) => entry.own && !entry.target.startsWith(row.folder));
        return own.filter((entry) => !row.may.some((allowed) => entry.target.startsWith(allowed))).map((entry) => `must not import ${entry.target}`);
      }),
    ).toEqual([]);
  });
});

describe('the invariants', () => {
  it('1: only the API server sees the Store', () => {
    expect(violations((file) => (/^main\/(etcd|apiserver|cluster)\//u.test(file.path) ? [] : file.imports.filter((entry) => entry.target.startsWith('main/etcd/')).map((entry) => `imports ${entry.target}`)))).toEqual([]);
  });

  it('2: only main/app imports electron', () => {
    expect(violations((file) => (file.path.startsWith('main/app/') ? [] : file.imports.filter((entry) => entry.target === 'electron').map(() => 'imports electron')))).toEqual([]);
  });

  it('3: main and agent never import each other', () => {
    const other = (file: SourceFile) => (file.path.startsWith('main/') ? 'agent/' : file.path.startsWith('agent/') ? 'main/' : undefined);
    expect(violations((file) => file.imports.filter((entry) => entry.own && other(file) !== undefined && entry.target.startsWith(other(file) ?? '')).map((entry) => `imports ${entry.target}`))).toEqual([]);
  });

  it('4: no component imports a sibling component', () => {
    const components = ['main/scheduler/', 'main/controller-manager/', 'main/nodes/', 'main/ingress/', 'main/image-registry/', 'main/trace/', 'main/apiserver/'];
    expect(
      violations((file) => {
        const own = components.find((component) => file.path.startsWith(component));
        if (own === undefined) return [];
        return file.imports.filter((entry) => components.some((component) => component !== own && entry.target.startsWith(component))).map((entry) => `imports ${entry.target}`);
      }),
    ).toEqual([]);
  });

  it('5: the vocabulary and the pure cores do no I/O and read no clock, timer or randomness', () => {
    const pure = /^kube\/(?!api\/generate\/)|\/mvcc\/|^main\/scheduler\/framework\/|\/(compile|plan|diff)-[^/]*\.ts$/u;
    const impure = /\b(Date\.now\(|new Date\(\)|performance\.now\(|setTimeout\(|setInterval\(|setImmediate\(|Math\.random\(|crypto\.randomUUID|process\.(env|hrtime|nextTick))/u;
    expect(
      violations((file) => {
        if (!pure.test(file.path)) return [];
        const imports = file.imports.filter((entry) => !entry.typeOnly && /^node:(?!util|buffer|assert)/u.test(entry.target)).map((entry) => `imports ${entry.target}`);
        const code = withoutComments(file.text);
        return [...imports, ...[impure.exec(code)?.[0]].filter((match) => match !== undefined).map((match) => `uses ${match}`)];
      }),
    ).toEqual([]);
  });
});

describe('house style', () => {
  it('keeps files below 400 lines', () => {
    expect(violations((file) => (file.text.split('\n').length > 401 ? [`has ${file.text.split('\n').length} lines`] : []))).toEqual([]);
  });

  it('has no explicit any and no suppressed type errors', () => {
    expect(violations((file) => (/:\s*any\b|\bas any\b/u.test(withoutComments(file.text)) || /@ts-(ignore|nocheck|expect-error)/u.test(file.text) ? ['uses any or suppresses a type error'] : []))).toEqual([]);
  });
});
