/** Messages of k8s.io discovery/v1 (1.36); grammar in ../definition-table.ts. */
export const discoveryV1 = `
Endpoint addresses:1:[s:!:Ls conditions:2:EndpointConditions hostname:3:s:* targetRef:4:core/v1.ObjectReference:* deprecatedTopology:5:{s nodeName:6:s:* zone:7:s:* hints:8:EndpointHints:*
EndpointConditions ready:1:b:* serving:2:b:* terminating:3:b:*
EndpointHints forZones:1:[ForZone::La forNodes:2:[ForNode::La
EndpointPort @A name:1:s:* protocol:2:s:*:Cv1.Protocol port:3:i:* appProtocol:4:s:*
EndpointSlice @K metadata:1:meta/v1.ObjectMeta addressType:4:s:!:Cv1.AddressType endpoints:2:[Endpoint:!:La:O ports:3:[EndpointPort:!:La:O
EndpointSliceList @K metadata:1:meta/v1.ListMeta items:2:[EndpointSlice:!
ForNode name:1:s:!
ForZone name:1:s:!
`;
