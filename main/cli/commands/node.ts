import type { DriverName } from '../../bridge/contract.ts';
import { requireDaemon } from '../daemon-connection.ts';
import { parseCommand } from '../options.ts';
import { integer } from '../up-arguments.ts';
import { UsageError } from '../usage-error.ts';

const drivers: readonly string[] = ['qemu', 'local', 'simulated'] satisfies DriverName[];

/** `node add|remove|stop|start [NAME …]` */
export async function node(args: readonly string[]): Promise<number> {
  const { values, positionals, directory, json } = parseCommand(args, {
    driver: { type: 'string' }, count: { type: 'string' }, cpus: { type: 'string' }, memory: { type: 'string' },
  }, { positionals: true });
  const [action, ...names] = positionals;
  using connection = await requireDaemon(directory);
  switch (action) {
    case 'add': {
      const driver = values['driver'] as string | undefined;
      if (driver !== undefined && !drivers.includes(driver)) throw new UsageError(`--driver "${driver}" is not known; use ${drivers.join(', ')}`);
      const { names: added } = await connection.call('node.add', {
        ...(driver === undefined ? {} : { driver: driver as DriverName }),
        count: integer({ name: 'count', text: values['count'] as string | undefined, fallback: 1, minimum: 1, maximum: 5000 }),
        ...(values['cpus'] === undefined ? {} : { cpus: integer({ name: 'cpus', text: values['cpus'] as string, fallback: 2, minimum: 1, maximum: 64 }) }),
        ...(values['memory'] === undefined ? {} : { memoryMiB: integer({ name: 'memory', text: values['memory'] as string, fallback: 1024, minimum: 512, maximum: 1_048_576 }) }),
      });
      console.log(json ? JSON.stringify({ names: added }) : added.map((name) => `node/${name} added`).join('\n'));
      return 0;
    }
    case 'remove':
    case 'stop':
    case 'start': {
      if (names.length === 0) throw new UsageError(`\`coracle node ${action}\` needs the name of a node`);
      for (const name of names) {
        await connection.call(`node.${action}`, { name });
        console.log(`node/${name} ${action === 'remove' ? 'removed' : action === 'stop' ? 'stopped' : 'started'}`);
      }
      return 0;
    }
    default:
      throw new UsageError(`\`coracle node\` takes add, remove, stop or start, not "${action ?? ''}"`);
  }
}
