import { resolve } from 'node:path';
import { requireDaemon } from '../daemon-connection.ts';
import { parseCommand } from '../options.ts';
import { UsageError } from '../usage-error.ts';

/** `image load FILE…` and `image list`. */
export async function image(args: readonly string[]): Promise<number> {
  const { positionals, directory, json } = parseCommand(args, {}, { positionals: true });
  const [action, ...files] = positionals;
  using connection = await requireDaemon(directory);
  if (action === 'list') {
    const { images } = await connection.call('image.list', {});
    console.log(json ? JSON.stringify(images, undefined, 2) : images.map((entry) => `${entry.name.padEnd(50)} ${entry.digest.slice(0, 19)}`).join('\n'));
    return 0;
  }
  if (action !== 'load' || files.length === 0) throw new UsageError('`coracle image` takes `load FILE…` or `list`');
  for (const file of files) {
    const { names } = await connection.call('image.load', { path: resolve(file) });
    console.log(names.map((name) => `loaded ${name}`).join('\n'));
  }
  return 0;
}
