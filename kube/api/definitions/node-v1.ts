/** Messages of k8s.io node/v1 (1.36); grammar in ../definition-table.ts. */
export const nodeV1 = `
Overhead podFixed:1:{Q::Cv1.ResourceList
RuntimeClass @K metadata:1:meta/v1.ObjectMeta handler:2:s:! overhead:3:Overhead:* scheduling:4:Scheduling:*
RuntimeClassList @K metadata:1:meta/v1.ListMeta items:2:[RuntimeClass:!
Scheduling nodeSelector:1:{s::A tolerations:2:[core/v1.Toleration::La
`;
