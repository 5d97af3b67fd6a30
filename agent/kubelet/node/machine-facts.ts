import { readFileSync, statfsSync } from 'node:fs';
import os from 'node:os';
import type { NodeAgentConfiguration } from '../../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { NodeFacts } from '../pod-fields.ts';

/** What this machine is; read once at start. */
export interface MachineFacts {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly ephemeralStorageBytes: number;
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly hugepageSizes: readonly string[];
}

export function readMachineFacts(rootDirectory: string): MachineFacts {
  const disk = statfsSync(rootDirectory);
  return {
    cpus: os.availableParallelism(),
    memoryBytes: Number(/MemTotal:\s+(\d+)/.exec(readText('/proc/meminfo'))?.[1] ?? 0) * 1024,
    ephemeralStorageBytes: disk.blocks * disk.bsize,
    architecture: { x64: 'amd64' }[process.arch as string] ?? process.arch,
    kernelVersion: os.release(),
    osImage: /PRETTY_NAME="?([^"\n]*)/.exec(readText('/etc/os-release'))?.[1] ?? 'Linux',
    machineID: readText('/etc/machine-id').trim(),
    systemUUID: readText('/sys/class/dmi/id/product_uuid').trim(),
    bootID: readText('/proc/sys/kernel/random/boot_id').trim(),
    hugepageSizes: [],
  };
}

export function nodeFacts(config: NodeAgentConfiguration, machine: MachineFacts): NodeFacts {
  return {
    nodeName: config.nodeName,
    hostIPs: [config.nodeIP],
    allocatable: { cpuMilli: machine.cpus * 1000, memoryBytes: allocatableMemory(machine), ephemeralStorageBytes: Math.floor(machine.ephemeralStorageBytes * 0.9) },
  };
}

/** Kept back so that eviction can act before the kernel does (upstream's default evictionHard memory.available<100Mi). */
const MEMORY_RESERVE_BYTES = 100 * 1024 * 1024;

export function allocatableMemory(machine: MachineFacts): number {
  return Math.max(0, machine.memoryBytes - MEMORY_RESERVE_BYTES);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
