/** Messages of k8s.io coordination/v1 (1.36); grammar in ../definition-table.ts. */
export const coordinationV1 = `
Lease @K metadata:1:meta/v1.ObjectMeta spec:2:LeaseSpec
LeaseList @K metadata:1:meta/v1.ListMeta items:2:[Lease:!
LeaseSpec holderIdentity:1:s:* leaseDurationSeconds:2:i:* acquireTime:3:M:* renewTime:4:M:* leaseTransitions:5:i:* strategy:6:s:*:Cv1.CoordinatedLeaseStrategy preferredHolder:7:s:*
`;
