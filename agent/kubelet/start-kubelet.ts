import { join } from 'node:path';
import type { AgentContext } from '../agent-context.ts';
import { createCriClient } from '../runtime/cri-client.ts';
import { ImageGarbage } from './images/image-gc.ts';
import { Kubelet } from './kubelet.ts';
import { LogRotation } from './log-rotation.ts';
import { readMachineFacts } from './node/machine-facts.ts';
import { NodeRegistrar } from './node/node-registrar.ts';
import { PressureWatch } from './node/pressure.ts';
import { RuntimeState } from './node/runtime-state.ts';
import { CertificateManager } from './pki/certificate-manager.ts';
import { KubeletServer } from './server/kubelet-server.ts';

/** Wires the kubelet's parts and runs them until the context's signal is aborted. */
export async function startKubelet(context: AgentContext, { podLogsDirectory }: { readonly podLogsDirectory: string }): Promise<void> {
  const { config, client, informers, recorder, clock, random, signal } = context;
  using cri = createCriClient(config.containerRuntimeEndpoint);
  const { runtime, images } = cri;
  const machine = readMachineFacts(config.rootDirectory);
  const runtimeState = new RuntimeState({
    runtime, clock,
    onChange: () => {
      registrar.notify();
      for (const pod of kubelet.workers.pods()) kubelet.workers.notify(pod.metadata.uid ?? '');
    },
  });
  const kubelet: Kubelet = new Kubelet({
    config, client, informers, recorder, runtime, images, clock, random, machine,
    paths: { podsDirectory: join(config.rootDirectory, 'pods'), logsDirectory: podLogsDirectory, resolvConf: '/etc/resolv.conf' },
    networkProblem: () => runtimeState.networkProblem(),
  });
  const garbage = new ImageGarbage({ images, runtime, clock, directory: config.rootDirectory });
  const pressure = new PressureWatch({
    clock, directory: config.rootDirectory, workers: kubelet.workers, events: kubelet.context.events, runtime,
    onChange: () => registrar.notify(), freeDisk: () => garbage.collect({ force: true }),
  });
  const registrar: NodeRegistrar = new NodeRegistrar({
    config, machine, client, clock, runtimeState, events: kubelet.context.events, pressure: () => pressure.current, listImages: () => images.listImages(),
    otherProblems: () => [kubelet.pleg.unhealthy() ?? []].flat(),
    onPodCIDR: (podCIDR) => runtimeState.setPodCIDR(podCIDR),
  });
  const serving = new CertificateManager({
    path: join(config.rootDirectory, 'pki', 'kubelet-server-current.pem'), signerName: 'kubernetes.io/kubelet-serving', clusterCA: config.clusterCA,
    subject: { commonName: `system:node:${config.nodeName}`, organizations: ['system:nodes'], dnsNames: [config.nodeName], ipAddresses: [config.nodeIP] },
    client: () => client, clock, random,
  });
  const server = new KubeletServer({ config, client, kubelet, serving, machine, clock });
  const rotation = new LogRotation({ runtime, clock });
  await Promise.all([
    runtimeState.run(signal), registrar.run(signal), kubelet.run(signal), pressure.run(signal), garbage.run(signal), rotation.run(signal), server.run(signal),
  ]);
}
