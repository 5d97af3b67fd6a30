/**
 * Bundles the daemon and the programs that it starts. One file starts sooner than its 700 modules and takes 20 MB less: a module of its own
 * costs V8 and Node kilobytes each, and their types need not be stripped again.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { build } from 'esbuild';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';

/** Native addons and what finds its own files at run time stay packages. */
const external = ['electron', 'node-pty', 'ssh2', '@grpc/grpc-js', 'cpu-features', 'bufferutil', 'utf-8-validate'];
/** Programs that run as threads or processes of their own; below the output folder they keep their places. */
const programs: readonly string[] = ['main/etcd/backend/sqlite-worker.ts', 'main/nodes/local/forwarder.ts'];

export interface DaemonBundleOptions {
  /** The source tree, absolute. */
  readonly root: string;
  /** Gets daemon.js and the programs; absolute. */
  readonly out: string;
  /** From `out` to the folder that has the files read at run time, at the places they have in the source tree: `./`, `../../../`. */
  readonly places: string;
  readonly build?: BuildOptions;
}

/** Resolves with the files that went in, relative to root. */
export async function bundleDaemon({ root, out, places, build: given = {} }: DaemonBundleOptions): Promise<readonly string[]> {
  const shared = { ...bundleDefaults, absWorkingDir: root, metafile: true, outdir: out, format: 'esm', ...given } as const;
  const results = await Promise.all([
    build({ ...shared, entryPoints: { daemon: 'main/daemon/main.ts' }, banner: { js: bannerOf(places) }, plugins: [keepPlaces(root)] }),
    build({ ...shared, entryPoints: [...programs], outbase: root, banner: { js: bannerOf(places) } }),
  ]);
  return inputsOf(results.flatMap(({ metafile }) => metafile ?? []));
}

/** Without comments and blanks, since V8 keeps the text; in lines all the same, for stack traces. */
export const bundleDefaults = {
  bundle: true, platform: 'node', target: 'node24', external, logLevel: 'warning', legalComments: 'none',
  minifyWhitespace: true, minifySyntax: true, lineLimit: 200,
} as const satisfies BuildOptions;

/** CommonJS dependencies call require(), which an ES module does not have. */
export function bannerOf(places: string): string {
  return `import { createRequire as coracleRequire } from 'node:module';
import { dirname as coracleDirname } from 'node:path';
import { fileURLToPath as coraclePath } from 'node:url';
const require = coracleRequire(import.meta.url);
const coracleBundle = import.meta.url;
const coraclePlaces = new URL(${JSON.stringify(places)}, import.meta.url);
const coraclePlace = (place) => { const url = new URL(place, coraclePlaces); return { url: url.href, dirname: coracleDirname(coraclePath(url)) }; };`;
}

/** Each module finds its files as if it stood at its own place; the programs are found beside the bundle. */
function keepPlaces(root: string): Plugin {
  return {
    name: 'keep-places',
    setup(context) {
      context.onLoad({ filter: /[\\/](main|kube|images)[\\/].*\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (path.includes('node_modules') || !text.includes('import.meta.')) return undefined;
        const place = relative(root, path).replaceAll('\\', '/');
        return { loader: 'ts', contents: placed(programs.reduce((source, program) => withProgram(source, { place, program }), text), place) };
      });
    },
  };
}

function withProgram(text: string, { place, program }: { readonly place: string; readonly program: string }): string {
  const folder = program.slice(0, program.lastIndexOf('/') + 1);
  if (!place.startsWith(folder)) return text;
  return text.replaceAll(`new URL('./${program.slice(folder.length)}', import.meta.url)`, `new URL('./${program.replace(/\.ts$/u, '.js')}', coracleBundle)`);
}

function placed(text: string, place: string): string {
  const at = `coraclePlace(${JSON.stringify(place)})`;
  return text.replaceAll('import.meta.url', `${at}.url`).replaceAll('import.meta.dirname', `${at}.dirname`);
}

function inputsOf(metafiles: readonly Metafile[]): readonly string[] {
  const paths = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  return [...new Set(paths)].filter((path) => !path.startsWith('<') && !path.includes('(disabled)')).sort();
}
