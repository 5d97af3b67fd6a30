import { expect, it } from 'vitest';
import { configFileOf, parseConfiguration } from './config.ts';

const whole = {
  apiVersion: 'coracle.dev/v1', kind: 'NodeAgentConfiguration', nodeName: 'n', nodeIP: '10.89.0.11', apiServer: 'https://10.0.2.2:6443', clusterCA: 'x', bootstrapToken: 'a.b', proxyIdentity: { certificate: '', key: '' }, clusterDomain: 'cluster.local',
  clusterDNS: ['10.96.0.10'], serviceCIDR: '10.96.0.0/16', clusterCIDR: '10.244.0.0/16', containerRuntimeEndpoint: 'unix:///x',
};

it('the configuration gets its defaults', () => {
  expect(parseConfiguration(whole, 'f')).toMatchObject({ kubeletPort: 10_250, clusterInterface: 'eth1', rootDirectory: '/var/lib/kubelet', maxPods: 110 });
});

it('the configuration names everything that is missing', () => {
  expect(() => parseConfiguration({ ...whole, nodeIP: '', clusterCA: undefined }, 'f')).toThrow('"f" lacks nodeIP, clusterCA');
  expect(() => parseConfiguration({ kind: 'Pod' }, 'f')).toThrow('is not a coracle.dev/v1 NodeAgentConfiguration');
});

it.each([[[], '/etc/coracle/agent.json'], [['--config', 'a'], 'a'], [['--config=b'], 'b']])('%j names its file', (argv, file) => expect(configFileOf(argv)).toBe(file));
