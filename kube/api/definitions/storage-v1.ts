/** Messages of k8s.io storage/v1 (1.36); grammar in ../definition-table.ts. */
export const storageV1 = `
CSIDriver @K metadata:1:meta/v1.ObjectMeta spec:2:CSIDriverSpec:!
CSIDriverList @K metadata:1:meta/v1.ListMeta items:2:[CSIDriver:!
CSIDriverSpec attachRequired:1:b:* podInfoOnMount:2:b:* volumeLifecycleModes:3:[s::Ls:Cv1.VolumeLifecycleMode storageCapacity:4:b:* fsGroupPolicy:5:s:*:Cv1.FSGroupPolicy tokenRequests:6:[TokenRequest::La requiresRepublish:7:b:* seLinuxMount:8:b:* nodeAllocatableUpdatePeriodSeconds:9:l:* serviceAccountTokenInSecrets:10:b:* preventPodSchedulingIfMissing:11:b:*
CSINode @K metadata:1:meta/v1.ObjectMeta spec:2:CSINodeSpec:!
CSINodeDriver name:1:s:! nodeID:2:s:! topologyKeys:3:[s:!:La:O allocatable:4:VolumeNodeResources:*
CSINodeList @K metadata:1:meta/v1.ListMeta items:2:[CSINode:!
CSINodeSpec drivers:1:[CSINodeDriver:!:Lmname:Pmerge/name
CSIStorageCapacity @K metadata:1:meta/v1.ObjectMeta nodeTopology:2:meta/v1.LabelSelector:* storageClassName:3:s:! capacity:4:Q:* maximumVolumeSize:5:Q:*
CSIStorageCapacityList @K metadata:1:meta/v1.ListMeta items:2:[CSIStorageCapacity:!
StorageClass @K metadata:1:meta/v1.ObjectMeta provisioner:2:s:! parameters:3:{s reclaimPolicy:4:s:*:Cv1.PersistentVolumeReclaimPolicy mountOptions:5:[s::La allowVolumeExpansion:6:b:* volumeBindingMode:7:s:*:Cv1.VolumeBindingMode allowedTopologies:8:[core/v1.TopologySelectorTerm::La
StorageClassList @K metadata:1:meta/v1.ListMeta items:2:[StorageClass:!
TokenRequest audience:1:s:! expirationSeconds:2:l:*
VolumeAttachment @K metadata:1:meta/v1.ObjectMeta spec:2:VolumeAttachmentSpec:! status:3:VolumeAttachmentStatus
VolumeAttachmentList @K metadata:1:meta/v1.ListMeta items:2:[VolumeAttachment:!
VolumeAttachmentSource persistentVolumeName:1:s:* inlineVolumeSpec:2:core/v1.PersistentVolumeSpec:*
VolumeAttachmentSpec attacher:1:s:! source:2:VolumeAttachmentSource:! nodeName:3:s:!
VolumeAttachmentStatus attached:1:b:! attachmentMetadata:2:{s attachError:3:VolumeError:* detachError:4:VolumeError:*
VolumeAttributesClass @K metadata:1:meta/v1.ObjectMeta driverName:2:s:! parameters:3:{s
VolumeAttributesClassList @K metadata:1:meta/v1.ListMeta items:2:[VolumeAttributesClass:!
VolumeError time:1:T message:2:s errorCode:3:i:*
VolumeNodeResources count:1:i:*
`;
