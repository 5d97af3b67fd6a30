import { UsageError } from './usage-error.ts';

/** A subcommand gets the arguments after its name and resolves with the exit code. Loaded on demand: `coracle status` need not load the cluster. */
type Command = (args: readonly string[]) => Promise<number>;

const commands: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>> = {
  up: { summary: 'start the cluster (and its window)', load: async () => (await import('./commands/up.ts')).up },
  status: { summary: 'phase, addresses, nodes, what each costs', load: async () => (await import('./commands/status.ts')).status },
  stop: { summary: 'stop and keep everything', load: async () => (await import('./commands/stop.ts')).stop },
  reset: { summary: 'delete the cluster', load: async () => (await import('./commands/reset.ts')).reset },
  node: { summary: 'add, remove, stop or start workers', load: async () => (await import('./commands/node.ts')).node },
  kubeconfig: { summary: 'print the kubeconfig, or merge it', load: async () => (await import('./commands/kubeconfig.ts')).kubeconfig },
  kubectl: { summary: 'kubectl against this cluster', load: async () => (await import('./commands/kubectl.ts')).kubectl },
  image: { summary: 'load images into the cluster, list them', load: async () => (await import('./commands/image.ts')).image },
  logs: { summary: 'the log of a component', load: async () => (await import('./commands/logs.ts')).logs },
};

const [name, ...args] = process.argv.slice(2);
process.exitCode = await main(name, args);

async function main(command: string | undefined, parameters: readonly string[]): Promise<number> {
  if (command === undefined || command === 'help' || command === '--help' || command === '-h') {
    console.log(usage());
    return 0;
  }
  const entry = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (entry === undefined) {
    console.error(`coracle: unknown command "${command}"; \`coracle help\` lists them`);
    return 2;
  }
  // What follows `kubectl` is kubectl's.
  if (command !== 'kubectl' && (parameters.includes('--help') || parameters.includes('-h'))) {
    console.log(usage());
    return 0;
  }
  try {
    return await (await entry.load())(parameters);
  } catch (error) {
    console.error(`coracle: ${error instanceof Error ? error.message : String(error)}`);
    if (process.env['CORACLE_DEBUG']) console.error(error);
    return error instanceof UsageError ? 2 : 1;
  }
}

function usage(): string {
  const rows = Object.entries(commands).map(([key, { summary }]) => `  ${key.padEnd(12)}${summary}`);
  return ['Coracle: a Kubernetes cluster on your desktop', '', 'Usage: coracle COMMAND [--data-dir DIR] …', '', ...rows, '', '  up takes [--workers N] [--driver qemu|local|simulated] [--api-port P] [--ui-port P] [--kubeconfig FILE] [--detach] [--no-ui]'].join('\n');
}
