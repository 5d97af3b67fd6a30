import { parseArgs } from 'node:util';
import type { DriverName } from '../bridge/contract.ts';
import { parseControllerSelection } from '../cluster/controller-selection.ts';
import { UsageError } from './usage-error.ts';

/** What `coracle up` was asked for. */
export interface UpArguments {
  readonly workers: number;
  readonly driver: DriverName;
  readonly apiPort?: number;
  readonly uiPort?: number;
  readonly kubeconfig?: string;
  readonly dataDirectory?: string;
  readonly detach: boolean;
  readonly ui: boolean;
  readonly open: boolean;
  readonly cpus?: number;
  readonly memoryMiB?: number;
  readonly workersGiven: boolean;
  readonly controllers?: readonly string[];
  readonly scheduler: boolean;
}

/** Throws UsageError with the offending argument. */
export function parseUpArguments(args: readonly string[]): UpArguments {
  const values = parse(args);
  const driver = values.driver ?? 'qemu';
  if (driver !== 'qemu' && driver !== 'local' && driver !== 'simulated') {
    throw new UsageError(`--driver "${driver}" is not known; use qemu, local or simulated`);
  }
  return {
    workers: integer({ name: 'workers', text: values.workers, fallback: 1, minimum: 0, maximum: 1000 }),
    workersGiven: values.workers !== undefined,
    driver,
    ...port('api-port', values['api-port'], 'apiPort'),
    ...port('ui-port', values['ui-port'], 'uiPort'),
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
    ...(values['data-dir'] === undefined ? {} : { dataDirectory: values['data-dir'] }),
    ...(values.cpus === undefined ? {} : { cpus: integer({ name: 'cpus', text: values.cpus, fallback: 2, minimum: 1, maximum: 64 }) }),
    ...(values.memory === undefined ? {} : { memoryMiB: integer({ name: 'memory', text: values.memory, fallback: 1024, minimum: 512, maximum: 1_048_576 }) }),
    ...(values.controllers === undefined ? {} : { controllers: controllerSelection(values.controllers) }),
    scheduler: !(values['no-scheduler'] ?? false),
    detach: values.detach ?? false,
    ui: !(values['no-ui'] ?? false),
    open: !(values['no-open'] ?? false),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        workers: { type: 'string' }, driver: { type: 'string' }, 'api-port': { type: 'string' }, 'ui-port': { type: 'string' },
        kubeconfig: { type: 'string' }, 'data-dir': { type: 'string' }, cpus: { type: 'string' }, memory: { type: 'string' },
        detach: { type: 'boolean' }, 'no-ui': { type: 'boolean' }, 'no-open': { type: 'boolean' },
        controllers: { type: 'string' }, 'no-scheduler': { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function controllerSelection(text: string): readonly string[] {
  try {
    return parseControllerSelection(text);
  } catch (error) {
    throw new UsageError(`--controllers: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function port(name: string, text: string | undefined, key: 'apiPort' | 'uiPort'): Partial<Record<'apiPort' | 'uiPort', number>> {
  return text === undefined ? {} : { [key]: integer({ name, text, fallback: 0, minimum: 1, maximum: 65_535 }) };
}

/** A whole number within bounds, or UsageError naming the option. */
export function integer({ name, text, fallback, minimum, maximum }: { name: string; text: string | undefined; fallback: number; minimum: number; maximum: number }): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new UsageError(`--${name} "${text}" must be a whole number from ${minimum} to ${maximum}`);
  }
  return value;
}
