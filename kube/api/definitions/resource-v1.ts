/** Messages of k8s.io resource/v1 (1.36); grammar in ../definition-table.ts. */
export const resourceV1 = `
AllocatedDeviceStatus driver:1:s:! pool:2:s:! device:3:s:! shareID:7:s:* conditions:4:[meta/v1.Condition:!:Lmtype:O data:5:R:* networkData:6:NetworkDeviceData:*
AllocationResult devices:1:DeviceAllocationResult nodeSelector:3:core/v1.NodeSelector:* allocationTimestamp:5:T:*
CELDeviceSelector expression:1:s:!
CapacityRequestPolicy default:1:Q:*!:O validValues:3:[Q::La validRange:4:CapacityRequestPolicyRange:*
CapacityRequestPolicyRange min:1:Q:*:R max:2:Q:* step:3:Q:*
CapacityRequirements requests:1:{Q::Cmap[v1.QualifiedName]resource.Quantity
Counter value:1:Q:!
CounterSet name:1:s:! counters:2:{Counter::R
Device name:1:s:! attributes:2:{DeviceAttribute::Cmap[v1.QualifiedName]v1.DeviceAttribute capacity:3:{DeviceCapacity::Cmap[v1.QualifiedName]v1.DeviceCapacity consumesCounters:4:[DeviceCounterConsumption::La nodeName:5:s:* nodeSelector:6:core/v1.NodeSelector:* allNodes:7:b:* taints:8:[DeviceTaint::La bindsToNode:9:b:* bindingConditions:10:[s::La bindingFailureConditions:11:[s::La allowMultipleAllocations:12:b:* nodeAllocatableResourceMappings:13:{NodeAllocatableResourceMapping::Cmap[v1.ResourceName]v1.NodeAllocatableResourceMapping
DeviceAllocationConfiguration source:1:s:!:Cv1.AllocationConfigSource requests:2:[s::La ^:3:DeviceConfiguration
DeviceAllocationResult results:1:[DeviceRequestAllocationResult::La config:2:[DeviceAllocationConfiguration::La
DeviceAttribute int:2:l:* bool:3:b:* string:4:s:* version:5:s:* ints:6:[l::La bools:7:[b::La strings:8:[s::La versions:9:[s::La
DeviceCapacity value:1:Q:! requestPolicy:2:CapacityRequestPolicy:*
DeviceClaim requests:1:[DeviceRequest:!:La:O constraints:2:[DeviceConstraint::La config:3:[DeviceClaimConfiguration::La
DeviceClaimConfiguration requests:1:[s::La ^:2:DeviceConfiguration
DeviceClass @K metadata:1:meta/v1.ObjectMeta spec:2:DeviceClassSpec:!
DeviceClassConfiguration ^:1:DeviceConfiguration
DeviceClassList @K metadata:1:meta/v1.ListMeta items:2:[DeviceClass:!
DeviceClassSpec selectors:1:[DeviceSelector::La config:2:[DeviceClassConfiguration::La extendedResourceName:4:s:*
DeviceConfiguration opaque:1:OpaqueDeviceConfiguration:*
DeviceConstraint requests:1:[s::La matchAttribute:2:s:*:Cv1.FullyQualifiedName distinctAttribute:3:s:*:Cv1.FullyQualifiedName
DeviceCounterConsumption counterSet:1:s:! counters:2:{Counter::R
DeviceRequest name:1:s:! exactly:2:ExactDeviceRequest:* firstAvailable:3:[DeviceSubRequest::La
DeviceRequestAllocationResult request:1:s:! driver:2:s:! pool:3:s:! device:4:s:! adminAccess:5:b:* tolerations:6:[DeviceToleration::La bindingConditions:7:[s::La bindingFailureConditions:8:[s::La shareID:9:s:*:Ctypes.UID consumedCapacity:10:{Q::Cmap[v1.QualifiedName]resource.Quantity
DeviceSelector cel:1:CELDeviceSelector:*
DeviceSubRequest name:1:s:! deviceClassName:2:s:! selectors:3:[DeviceSelector::La allocationMode:4:s::Cv1.DeviceAllocationMode count:5:l tolerations:6:[DeviceToleration::La capacity:7:CapacityRequirements:*
DeviceTaint key:1:s:! value:2:s effect:3:s:!:Cv1.DeviceTaintEffect timeAdded:4:T:*
DeviceToleration key:1:s operator:2:s::="Equal":Cv1.DeviceTolerationOperator value:3:s effect:4:s::Cv1.DeviceTaintEffect tolerationSeconds:5:l:*
ExactDeviceRequest deviceClassName:1:s:! selectors:2:[DeviceSelector::La allocationMode:3:s::Cv1.DeviceAllocationMode count:4:l adminAccess:5:b:* tolerations:6:[DeviceToleration::La capacity:7:CapacityRequirements:*
NetworkDeviceData interfaceName:1:s ips:2:[s::La hardwareAddress:3:s
NodeAllocatableResourceMapping capacityKey:1:s:*:Cv1.QualifiedName allocationMultiplier:2:Q:*
OpaqueDeviceConfiguration driver:1:s:! parameters:2:R:!
ResourceClaim @K metadata:1:meta/v1.ObjectMeta spec:2:ResourceClaimSpec:! status:3:ResourceClaimStatus
ResourceClaimConsumerReference apiGroup:1:s resource:3:s:! name:4:s:! uid:5:s:!:Ctypes.UID
ResourceClaimList @K metadata:1:meta/v1.ListMeta items:2:[ResourceClaim:!
ResourceClaimSpec devices:1:DeviceClaim:!:O
ResourceClaimStatus allocation:1:AllocationResult:* reservedFor:2:[ResourceClaimConsumerReference::Lmuid:Pmerge/uid devices:4:[AllocatedDeviceStatus::Lmdriver,device,pool,shareID
ResourceClaimTemplate @K metadata:1:meta/v1.ObjectMeta spec:2:ResourceClaimTemplateSpec:!
ResourceClaimTemplateList @K metadata:1:meta/v1.ListMeta items:2:[ResourceClaimTemplate:!
ResourceClaimTemplateSpec metadata:1:meta/v1.ObjectMeta spec:2:ResourceClaimSpec:!
ResourcePool name:1:s:! generation:2:l:! resourceSliceCount:3:l:!
ResourceSlice @K metadata:1:meta/v1.ObjectMeta spec:2:ResourceSliceSpec:!
ResourceSliceList @K metadata:1:meta/v1.ListMeta items:2:[ResourceSlice:!
ResourceSliceSpec driver:1:s:! pool:2:ResourcePool:! nodeName:3:s:* nodeSelector:4:core/v1.NodeSelector:* allNodes:5:b:* devices:6:[Device::La perDeviceNodeSelection:7:b:* sharedCounters:8:[CounterSet::La
`;
