/** Messages of k8s.io core/v1 (1.36); grammar in ../definition-table.ts. */
export const coreV1 = `
AWSElasticBlockStoreVolumeSource volumeID:1:s:! fsType:2:s partition:3:i readOnly:4:b
Affinity nodeAffinity:1:NodeAffinity:* podAffinity:2:PodAffinity:* podAntiAffinity:3:PodAntiAffinity:*
AppArmorProfile type:1:s:!:Cv1.AppArmorProfileType localhostProfile:2:s:*
AttachedVolume name:1:s:!:Cv1.UniqueVolumeName devicePath:2:s:!
AvoidPods preferAvoidPods:1:[PreferAvoidPodsEntry::La
AzureDiskVolumeSource diskName:1:s:! diskURI:2:s:! cachingMode:3:s:*:="ReadWrite":Cv1.AzureDataDiskCachingMode fsType:4:s:*:="ext4" readOnly:5:b:*:=false kind:6:s:*:="Shared":Cv1.AzureDataDiskKind
AzureFilePersistentVolumeSource secretName:1:s:! shareName:2:s:! readOnly:3:b secretNamespace:4:s:*!:O
AzureFileVolumeSource secretName:1:s:! shareName:2:s:! readOnly:3:b
Binding @K metadata:1:meta/v1.ObjectMeta target:2:ObjectReference:!
CSIPersistentVolumeSource driver:1:s:! volumeHandle:2:s:! readOnly:3:b fsType:4:s volumeAttributes:5:{s controllerPublishSecretRef:6:SecretReference:* nodeStageSecretRef:7:SecretReference:* nodePublishSecretRef:8:SecretReference:* controllerExpandSecretRef:9:SecretReference:* nodeExpandSecretRef:10:SecretReference:*
CSIVolumeSource driver:1:s:! readOnly:2:b:* fsType:3:s:* volumeAttributes:4:{s nodePublishSecretRef:5:LocalObjectReference:*
Capabilities add:1:[s::La:Cv1.Capability drop:2:[s::La:Cv1.Capability
CephFSPersistentVolumeSource monitors:1:[s:!:La path:2:s user:3:s secretFile:4:s secretRef:5:SecretReference:* readOnly:6:b
CephFSVolumeSource monitors:1:[s:!:La path:2:s user:3:s secretFile:4:s secretRef:5:LocalObjectReference:* readOnly:6:b
CinderPersistentVolumeSource volumeID:1:s:! fsType:2:s readOnly:3:b secretRef:4:SecretReference:*
CinderVolumeSource volumeID:1:s:! fsType:2:s readOnly:3:b secretRef:4:LocalObjectReference:*
ClientIPConfig timeoutSeconds:1:i:*
ClusterTrustBundleProjection name:1:s:* signerName:2:s:* labelSelector:3:meta/v1.LabelSelector:* optional:5:b:* path:4:s:!
ComponentCondition type:1:s:!:Cv1.ComponentConditionType status:2:s:!:Cv1.ConditionStatus message:3:s error:4:s
ComponentStatus @K metadata:1:meta/v1.ObjectMeta conditions:2:[ComponentCondition::Lmtype:Pmerge/type
ComponentStatusList @K metadata:1:meta/v1.ListMeta items:2:[ComponentStatus:!
ConfigMap @K metadata:1:meta/v1.ObjectMeta immutable:4:b:* data:2:{s binaryData:3:{y
ConfigMapEnvSource ^:1:LocalObjectReference optional:2:b:*
ConfigMapKeySelector @A ^:1:LocalObjectReference key:2:s:! optional:3:b:*
ConfigMapList @K metadata:1:meta/v1.ListMeta items:2:[ConfigMap:!
ConfigMapNodeConfigSource namespace:1:s:! name:2:s:! uid:3:s::Ctypes.UID resourceVersion:4:s kubeletConfigKey:5:s:!
ConfigMapProjection ^:1:LocalObjectReference items:2:[KeyToPath::La optional:4:b:*
ConfigMapVolumeSource ^:1:LocalObjectReference items:2:[KeyToPath::La defaultMode:3:i:* optional:4:b:*
Container name:1:s:! image:2:s command:3:[s::La args:4:[s::La workingDir:5:s ports:6:[ContainerPort::LmcontainerPort,protocol:Pmerge/containerPort envFrom:19:[EnvFromSource::La env:7:[EnvVar::Lmname:Pmerge/name resources:8:ResourceRequirements resizePolicy:23:[ContainerResizePolicy::La restartPolicy:24:s:*:Cv1.ContainerRestartPolicy restartPolicyRules:25:[ContainerRestartRule::La volumeMounts:9:[VolumeMount::LmmountPath:Pmerge/mountPath volumeDevices:21:[VolumeDevice::LmdevicePath:Pmerge/devicePath livenessProbe:10:Probe:* readinessProbe:11:Probe:* startupProbe:22:Probe:* lifecycle:12:Lifecycle:* terminationMessagePath:13:s terminationMessagePolicy:20:s::Cv1.TerminationMessagePolicy imagePullPolicy:14:s::Cv1.PullPolicy securityContext:15:SecurityContext:* stdin:16:b stdinOnce:17:b tty:18:b
ContainerExtendedResourceRequest containerName:1:s:! resourceName:2:s:! requestName:3:s:!
ContainerImage names:1:[s:!:La:O sizeBytes:2:l
ContainerPort name:1:s hostPort:2:i containerPort:3:i:! protocol:4:s::="TCP":Cv1.Protocol hostIP:5:s
ContainerResizePolicy resourceName:1:s:!:Cv1.ResourceName restartPolicy:2:s:!:Cv1.ResourceResizeRestartPolicy
ContainerRestartRule action:1:s::R:Cv1.ContainerRestartRuleAction exitCodes:2:ContainerRestartRuleOnExitCodes:*
ContainerRestartRuleOnExitCodes operator:1:s::R:Cv1.ContainerRestartRuleOnExitCodesOperator values:2:[i::Ls
ContainerState waiting:1:ContainerStateWaiting:* running:2:ContainerStateRunning:* terminated:3:ContainerStateTerminated:*
ContainerStateRunning startedAt:1:T
ContainerStateTerminated exitCode:1:i:! signal:2:i reason:3:s message:4:s startedAt:5:T finishedAt:6:T containerID:7:s
ContainerStateWaiting reason:1:s message:2:s
ContainerStatus name:1:s:! state:2:ContainerState lastState:3:ContainerState ready:4:b:! restartCount:5:i:! image:6:s:! imageID:7:s:! containerID:8:s started:9:b:* allocatedResources:10:{Q::Cv1.ResourceList resources:11:ResourceRequirements:* volumeMounts:12:[VolumeMountStatus::LmmountPath:Pmerge/mountPath user:13:ContainerUser:* allocatedResourcesStatus:14:[ResourceStatus::Lmname:Pmerge/name stopSignal:15:s:*:Cv1.Signal
ContainerUser linux:1:LinuxContainerUser:*
DaemonEndpoint Port:1:i:!
DownwardAPIProjection items:1:[DownwardAPIVolumeFile::La
DownwardAPIVolumeFile path:1:s:! fieldRef:2:ObjectFieldSelector:* resourceFieldRef:3:ResourceFieldSelector:* mode:4:i:*
DownwardAPIVolumeSource items:1:[DownwardAPIVolumeFile::La defaultMode:2:i:*
EmptyDirVolumeSource medium:1:s::Cv1.StorageMedium sizeLimit:2:Q:*
EndpointAddress @A ip:1:s:! hostname:3:s nodeName:4:s:* targetRef:2:ObjectReference:*
EndpointPort @A name:1:s port:2:i:! protocol:3:s::Cv1.Protocol appProtocol:4:s:*
EndpointSubset addresses:1:[EndpointAddress::La notReadyAddresses:2:[EndpointAddress::La ports:3:[EndpointPort::La
Endpoints @K metadata:1:meta/v1.ObjectMeta subsets:2:[EndpointSubset::La
EndpointsList @K metadata:1:meta/v1.ListMeta items:2:[Endpoints:!
EnvFromSource prefix:1:s configMapRef:2:ConfigMapEnvSource:* secretRef:3:SecretEnvSource:*
EnvVar name:1:s:! value:2:s valueFrom:3:EnvVarSource:*
EnvVarSource fieldRef:1:ObjectFieldSelector:* resourceFieldRef:2:ResourceFieldSelector:* configMapKeyRef:3:ConfigMapKeySelector:* secretKeyRef:4:SecretKeySelector:* fileKeyRef:5:FileKeySelector:*
EphemeralContainer ^:1:EphemeralContainerCommon targetContainerName:2:s
EphemeralContainerCommon name:1:s:! image:2:s command:3:[s::La args:4:[s::La workingDir:5:s ports:6:[ContainerPort::LmcontainerPort,protocol:Pmerge/containerPort envFrom:19:[EnvFromSource::La env:7:[EnvVar::Lmname:Pmerge/name resources:8:ResourceRequirements resizePolicy:23:[ContainerResizePolicy::La restartPolicy:24:s:*:Cv1.ContainerRestartPolicy restartPolicyRules:25:[ContainerRestartRule::La volumeMounts:9:[VolumeMount::LmmountPath:Pmerge/mountPath volumeDevices:21:[VolumeDevice::LmdevicePath:Pmerge/devicePath livenessProbe:10:Probe:* readinessProbe:11:Probe:* startupProbe:22:Probe:* lifecycle:12:Lifecycle:* terminationMessagePath:13:s terminationMessagePolicy:20:s::Cv1.TerminationMessagePolicy imagePullPolicy:14:s::Cv1.PullPolicy securityContext:15:SecurityContext:* stdin:16:b stdinOnce:17:b tty:18:b
EphemeralVolumeSource volumeClaimTemplate:1:PersistentVolumeClaimTemplate:*
Event @K metadata:1:meta/v1.ObjectMeta:! involvedObject:2:ObjectReference:! reason:3:s message:4:s source:5:EventSource firstTimestamp:6:T lastTimestamp:7:T count:8:i type:9:s eventTime:10:M series:11:EventSeries:* action:12:s related:13:ObjectReference:* reportingComponent:14:s:!:O reportingInstance:15:s:!:O
EventList @K metadata:1:meta/v1.ListMeta items:2:[Event:!
EventSeries count:1:i lastObservedTime:2:M
EventSource component:1:s host:2:s
ExecAction command:1:[s::La
FCVolumeSource targetWWNs:1:[s::La lun:2:i:* fsType:3:s readOnly:4:b wwids:5:[s::La
FileKeySelector @A volumeName:1:s:! path:2:s:! key:3:s:! optional:4:b:*:=false
FlexPersistentVolumeSource driver:1:s:! fsType:2:s secretRef:3:SecretReference:* readOnly:4:b options:5:{s
FlexVolumeSource driver:1:s:! fsType:2:s secretRef:3:LocalObjectReference:* readOnly:4:b options:5:{s
FlockerVolumeSource datasetName:1:s datasetUUID:2:s
GCEPersistentDiskVolumeSource pdName:1:s:! fsType:2:s partition:3:i readOnly:4:b
GRPCAction port:1:i:! service:2:s:*!:="":O
GitRepoVolumeSource repository:1:s:! revision:2:s directory:3:s
GlusterfsPersistentVolumeSource endpoints:1:s:! path:2:s:! readOnly:3:b endpointsNamespace:4:s:*
GlusterfsVolumeSource endpoints:1:s:! path:2:s:! readOnly:3:b
HTTPGetAction path:1:s port:2:I:! host:3:s scheme:4:s::Cv1.URIScheme httpHeaders:5:[HTTPHeader::La
HTTPHeader name:1:s:! value:2:s:!
HostAlias ip:1:s:! hostnames:2:[s::La
HostIP ip:1:s:!
HostPathVolumeSource path:1:s:! type:2:s:*:Cv1.HostPathType
ISCSIPersistentVolumeSource targetPortal:1:s:! iqn:2:s:! lun:3:i:! iscsiInterface:4:s::="default" fsType:5:s readOnly:6:b portals:7:[s::La chapAuthDiscovery:8:b chapAuthSession:11:b secretRef:10:SecretReference:* initiatorName:12:s:*
ISCSIVolumeSource targetPortal:1:s:! iqn:2:s:! lun:3:i:! iscsiInterface:4:s::="default" fsType:5:s readOnly:6:b portals:7:[s::La chapAuthDiscovery:8:b chapAuthSession:11:b secretRef:10:LocalObjectReference:* initiatorName:12:s:*
ImageVolumeSource reference:1:s pullPolicy:2:s::Cv1.PullPolicy
ImageVolumeStatus imageRef:1:s::R
KeyToPath key:1:s:! path:2:s:! mode:3:i:*
Lifecycle postStart:1:LifecycleHandler:* preStop:2:LifecycleHandler:* stopSignal:3:s:*:Cv1.Signal
LifecycleHandler exec:1:ExecAction:* httpGet:2:HTTPGetAction:* tcpSocket:3:TCPSocketAction:* sleep:4:SleepAction:*
LimitRange @K metadata:1:meta/v1.ObjectMeta spec:2:LimitRangeSpec
LimitRangeItem type:1:s:!:Cv1.LimitType max:2:{Q::Cv1.ResourceList min:3:{Q::Cv1.ResourceList default:4:{Q::Cv1.ResourceList defaultRequest:5:{Q::Cv1.ResourceList maxLimitRequestRatio:6:{Q::Cv1.ResourceList
LimitRangeList @K metadata:1:meta/v1.ListMeta items:2:[LimitRange:!
LimitRangeSpec limits:1:[LimitRangeItem:!:La
LinuxContainerUser uid:1:l:! gid:2:l:! supplementalGroups:3:[l::La
List metadata:1:meta/v1.ListMeta items:2:[R
LoadBalancerIngress ip:1:s hostname:2:s ipMode:3:s:*:Cv1.LoadBalancerIPMode ports:4:[PortStatus::La
LoadBalancerStatus ingress:1:[LoadBalancerIngress::La
LocalObjectReference @A name:1:s::=""
LocalVolumeSource path:1:s:! fsType:2:s:*
ModifyVolumeStatus targetVolumeAttributesClassName:1:s status:2:s:!:Cv1.PersistentVolumeClaimModifyVolumeStatus
NFSVolumeSource server:1:s:! path:2:s:! readOnly:3:b
Namespace @K metadata:1:meta/v1.ObjectMeta spec:2:NamespaceSpec status:3:NamespaceStatus
NamespaceCondition type:1:s:!:Cv1.NamespaceConditionType status:2:s:!:Cv1.ConditionStatus lastTransitionTime:4:T reason:5:s message:6:s
NamespaceList @K metadata:1:meta/v1.ListMeta items:2:[Namespace:!
NamespaceSpec finalizers:1:[s::La:Cv1.FinalizerName
NamespaceStatus phase:1:s::Cv1.NamespacePhase conditions:2:[NamespaceCondition::Lmtype:Pmerge/type
Node @K metadata:1:meta/v1.ObjectMeta spec:2:NodeSpec status:3:NodeStatus
NodeAddress type:1:s:!:Cv1.NodeAddressType address:2:s:!
NodeAffinity requiredDuringSchedulingIgnoredDuringExecution:1:NodeSelector:* preferredDuringSchedulingIgnoredDuringExecution:2:[PreferredSchedulingTerm::La
NodeAllocatableResourceClaimStatus resourceClaimName:1:s:! containers:2:[s::Ls resources:3:{Q:!:Cmap[v1.ResourceName]resource.Quantity
NodeCondition type:1:s:!:Cv1.NodeConditionType status:2:s:!:Cv1.ConditionStatus lastHeartbeatTime:3:T lastTransitionTime:4:T reason:5:s message:6:s
NodeConfigSource configMap:2:ConfigMapNodeConfigSource:*
NodeConfigStatus assigned:1:NodeConfigSource:* active:2:NodeConfigSource:* lastKnownGood:3:NodeConfigSource:* error:4:s
NodeDaemonEndpoints kubeletEndpoint:1:DaemonEndpoint
NodeFeatures supplementalGroupsPolicy:1:b:*
NodeList @K metadata:1:meta/v1.ListMeta items:2:[Node:!
NodeProxyOptions @K path:1:s
NodeRuntimeHandler name:1:s:!:O features:2:NodeRuntimeHandlerFeatures:*
NodeRuntimeHandlerFeatures recursiveReadOnlyMounts:1:b:* userNamespaces:2:b:*
NodeSelector @A nodeSelectorTerms:1:[NodeSelectorTerm:!:La
NodeSelectorRequirement key:1:s:! operator:2:s:!:Cv1.NodeSelectorOperator values:3:[s::La
NodeSelectorTerm @A matchExpressions:1:[NodeSelectorRequirement::La matchFields:2:[NodeSelectorRequirement::La
NodeSpec podCIDR:1:s podCIDRs:7:[s::Ls:Pmerge providerID:3:s unschedulable:4:b taints:5:[Taint::La configSource:6:NodeConfigSource:* externalID:2:s
NodeStatus capacity:1:{Q::Cv1.ResourceList allocatable:2:{Q::Cv1.ResourceList phase:3:s::Cv1.NodePhase conditions:4:[NodeCondition::Lmtype:Pmerge/type addresses:5:[NodeAddress::Lmtype:Pmerge/type daemonEndpoints:6:NodeDaemonEndpoints nodeInfo:7:NodeSystemInfo images:8:[ContainerImage::La volumesInUse:9:[s::La:Cv1.UniqueVolumeName volumesAttached:10:[AttachedVolume::La config:11:NodeConfigStatus:* runtimeHandlers:12:[NodeRuntimeHandler::La features:13:NodeFeatures:* declaredFeatures:14:[s::La
NodeSwapStatus capacity:1:l:*
NodeSystemInfo machineID:1:s:! systemUUID:2:s:! bootID:3:s:! kernelVersion:4:s:! osImage:5:s:! containerRuntimeVersion:6:s:! kubeletVersion:7:s:! kubeProxyVersion:8:s:! operatingSystem:9:s:! architecture:10:s:! swap:11:NodeSwapStatus:*
ObjectFieldSelector @A apiVersion:1:s fieldPath:2:s:!
ObjectReference @A kind:1:s namespace:2:s name:3:s uid:4:s::Ctypes.UID apiVersion:5:s resourceVersion:6:s fieldPath:7:s
PersistentVolume @K metadata:1:meta/v1.ObjectMeta spec:2:PersistentVolumeSpec status:3:PersistentVolumeStatus
PersistentVolumeClaim @K metadata:1:meta/v1.ObjectMeta spec:2:PersistentVolumeClaimSpec status:3:PersistentVolumeClaimStatus
PersistentVolumeClaimCondition type:1:s:!:Cv1.PersistentVolumeClaimConditionType status:2:s:!:Cv1.ConditionStatus lastProbeTime:3:T lastTransitionTime:4:T reason:5:s message:6:s
PersistentVolumeClaimList @K metadata:1:meta/v1.ListMeta items:2:[PersistentVolumeClaim:!
PersistentVolumeClaimSpec accessModes:1:[s::La:Cv1.PersistentVolumeAccessMode selector:4:meta/v1.LabelSelector:* resources:2:VolumeResourceRequirements volumeName:3:s storageClassName:5:s:* volumeMode:6:s:*:Cv1.PersistentVolumeMode dataSource:7:TypedLocalObjectReference:* dataSourceRef:8:TypedObjectReference:* volumeAttributesClassName:9:s:*
PersistentVolumeClaimStatus phase:1:s::Cv1.PersistentVolumeClaimPhase accessModes:2:[s::La:Cv1.PersistentVolumeAccessMode capacity:3:{Q::Cv1.ResourceList conditions:4:[PersistentVolumeClaimCondition::Lmtype:Pmerge/type allocatedResources:5:{Q::Cv1.ResourceList allocatedResourceStatuses:7:{s::G:Cmap[v1.ResourceName]v1.ClaimResourceStatus currentVolumeAttributesClassName:8:s:* modifyVolumeStatus:9:ModifyVolumeStatus:*
PersistentVolumeClaimTemplate metadata:1:meta/v1.ObjectMeta spec:2:PersistentVolumeClaimSpec:!
PersistentVolumeClaimVolumeSource claimName:1:s:! readOnly:2:b
PersistentVolumeList @K metadata:1:meta/v1.ListMeta items:2:[PersistentVolume:!
PersistentVolumeSource gcePersistentDisk:1:GCEPersistentDiskVolumeSource:* awsElasticBlockStore:2:AWSElasticBlockStoreVolumeSource:* hostPath:3:HostPathVolumeSource:* glusterfs:4:GlusterfsPersistentVolumeSource:* nfs:5:NFSVolumeSource:* rbd:6:RBDPersistentVolumeSource:* iscsi:7:ISCSIPersistentVolumeSource:* cinder:8:CinderPersistentVolumeSource:* cephfs:9:CephFSPersistentVolumeSource:* fc:10:FCVolumeSource:* flocker:11:FlockerVolumeSource:* flexVolume:12:FlexPersistentVolumeSource:* azureFile:13:AzureFilePersistentVolumeSource:* vsphereVolume:14:VsphereVirtualDiskVolumeSource:* quobyte:15:QuobyteVolumeSource:* azureDisk:16:AzureDiskVolumeSource:* photonPersistentDisk:17:PhotonPersistentDiskVolumeSource:* portworxVolume:18:PortworxVolumeSource:* scaleIO:19:ScaleIOPersistentVolumeSource:* local:20:LocalVolumeSource:* storageos:21:StorageOSPersistentVolumeSource:* csi:22:CSIPersistentVolumeSource:*
PersistentVolumeSpec capacity:1:{Q::Cv1.ResourceList ^:2:PersistentVolumeSource accessModes:3:[s::La:Cv1.PersistentVolumeAccessMode claimRef:4:ObjectReference:*:G persistentVolumeReclaimPolicy:5:s::Cv1.PersistentVolumeReclaimPolicy storageClassName:6:s mountOptions:7:[s::La volumeMode:8:s:*:Cv1.PersistentVolumeMode nodeAffinity:9:VolumeNodeAffinity:* volumeAttributesClassName:10:s:*
PersistentVolumeStatus phase:1:s::Cv1.PersistentVolumePhase message:2:s reason:3:s lastPhaseTransitionTime:4:T:*
PhotonPersistentDiskVolumeSource pdID:1:s:! fsType:2:s
Pod @K metadata:1:meta/v1.ObjectMeta spec:2:PodSpec status:3:PodStatus
PodAffinity requiredDuringSchedulingIgnoredDuringExecution:1:[PodAffinityTerm::La preferredDuringSchedulingIgnoredDuringExecution:2:[WeightedPodAffinityTerm::La
PodAffinityTerm labelSelector:1:meta/v1.LabelSelector:* namespaces:2:[s::La topologyKey:3:s:! namespaceSelector:4:meta/v1.LabelSelector:* matchLabelKeys:5:[s::La mismatchLabelKeys:6:[s::La
PodAntiAffinity requiredDuringSchedulingIgnoredDuringExecution:1:[PodAffinityTerm::La preferredDuringSchedulingIgnoredDuringExecution:2:[WeightedPodAffinityTerm::La
PodAttachOptions @K stdin:1:b stdout:2:b stderr:3:b tty:4:b container:5:s
PodCertificateProjection signerName:1:s::R keyType:2:s::R maxExpirationSeconds:3:i:* credentialBundlePath:4:s keyPath:5:s certificateChainPath:6:s userAnnotations:7:{s
PodCondition type:1:s:!:Cv1.PodConditionType observedGeneration:7:l status:2:s:!:Cv1.ConditionStatus lastProbeTime:3:T lastTransitionTime:4:T reason:5:s message:6:s
PodDNSConfig nameservers:1:[s::La searches:2:[s::La options:3:[PodDNSConfigOption::La
PodDNSConfigOption name:1:s value:2:s:*
PodExecOptions @K stdin:1:b stdout:2:b stderr:3:b tty:4:b container:5:s command:6:[s:!:La
PodExtendedResourceClaimStatus requestMappings:1:[ContainerExtendedResourceRequest:!:La resourceClaimName:2:s:!
PodIP ip:1:s:!
PodList @K metadata:1:meta/v1.ListMeta items:2:[Pod:!
PodLogOptions @K container:1:s follow:2:b previous:3:b sinceSeconds:4:l:* sinceTime:5:T:* timestamps:6:b tailLines:7:l:* limitBytes:8:l:* insecureSkipTLSVerifyBackend:9:b stream:10:s:*
PodOS name:1:s:!:Cv1.OSName
PodPortForwardOptions @K ports:1:[i::La
PodProxyOptions @K path:1:s
PodReadinessGate conditionType:1:s:!:Cv1.PodConditionType
PodResourceClaim name:1:s:! resourceClaimName:3:s:* resourceClaimTemplateName:4:s:*
PodResourceClaimStatus name:1:s:! resourceClaimName:2:s:*
PodSchedulingGate name:1:s:!
PodSchedulingGroup podGroupName:1:s:*
PodSecurityContext seLinuxOptions:1:SELinuxOptions:* windowsOptions:8:WindowsSecurityContextOptions:* runAsUser:2:l:* runAsGroup:6:l:* runAsNonRoot:3:b:* supplementalGroups:4:[l::La supplementalGroupsPolicy:12:s:*:Cv1.SupplementalGroupsPolicy fsGroup:5:l:* sysctls:7:[Sysctl::La fsGroupChangePolicy:9:s:*:Cv1.PodFSGroupChangePolicy seccompProfile:10:SeccompProfile:* appArmorProfile:11:AppArmorProfile:* seLinuxChangePolicy:13:s:*:Cv1.PodSELinuxChangePolicy
PodSignature podController:1:meta/v1.OwnerReference:*
PodSpec volumes:1:[Volume::Lmname:Pmerge,retainKeys/name initContainers:20:[Container::Lmname:Pmerge/name containers:2:[Container:!:Lmname:Pmerge/name ephemeralContainers:34:[EphemeralContainer::Lmname:Pmerge/name restartPolicy:3:s::Cv1.RestartPolicy terminationGracePeriodSeconds:4:l:* activeDeadlineSeconds:5:l:* dnsPolicy:6:s::Cv1.DNSPolicy nodeSelector:7:{s::A serviceAccountName:8:s serviceAccount:9:s automountServiceAccountToken:21:b:* nodeName:10:s hostNetwork:11:b hostPID:12:b hostIPC:13:b shareProcessNamespace:27:b:* securityContext:14:PodSecurityContext:* imagePullSecrets:15:[LocalObjectReference::Lmname:Pmerge/name hostname:16:s subdomain:17:s affinity:18:Affinity:* schedulerName:19:s tolerations:22:[Toleration::La hostAliases:23:[HostAlias::Lmip:Pmerge/ip priorityClassName:24:s priority:25:i:* dnsConfig:26:PodDNSConfig:* readinessGates:28:[PodReadinessGate::La runtimeClassName:29:s:* enableServiceLinks:30:b:* preemptionPolicy:31:s:*:Cv1.PreemptionPolicy overhead:32:{Q::Cv1.ResourceList topologySpreadConstraints:33:[TopologySpreadConstraint::LmtopologyKey,whenUnsatisfiable:Pmerge/topologyKey setHostnameAsFQDN:35:b:* os:36:PodOS:* hostUsers:37:b:* schedulingGates:38:[PodSchedulingGate::Lmname:Pmerge/name resourceClaims:39:[PodResourceClaim::Lmname:Pmerge,retainKeys/name resources:40:ResourceRequirements:* hostnameOverride:41:s:* schedulingGroup:43:PodSchedulingGroup:*
PodStatus observedGeneration:17:l phase:1:s::Cv1.PodPhase conditions:2:[PodCondition::Lmtype:Pmerge/type message:3:s reason:4:s nominatedNodeName:11:s hostIP:5:s hostIPs:16:[HostIP::La:Pmerge/ip podIP:6:s podIPs:12:[PodIP::Lmip:Pmerge/ip startTime:7:T:* initContainerStatuses:10:[ContainerStatus::La containerStatuses:8:[ContainerStatus::La qosClass:9:s::Cv1.PodQOSClass ephemeralContainerStatuses:13:[ContainerStatus::La resize:14:s::Cv1.PodResizeStatus resourceClaimStatuses:15:[PodResourceClaimStatus::Lmname:Pmerge,retainKeys/name extendedResourceClaimStatus:18:PodExtendedResourceClaimStatus:* allocatedResources:19:{Q::Cv1.ResourceList resources:20:ResourceRequirements:* nodeAllocatableResourceClaimStatuses:21:[NodeAllocatableResourceClaimStatus::La
PodStatusResult @K metadata:1:meta/v1.ObjectMeta status:2:PodStatus
PodTemplate @K metadata:1:meta/v1.ObjectMeta template:2:PodTemplateSpec
PodTemplateList @K metadata:1:meta/v1.ListMeta items:2:[PodTemplate:!
PodTemplateSpec metadata:1:meta/v1.ObjectMeta spec:2:PodSpec
PortStatus port:1:i:! protocol:2:s:!:Cv1.Protocol error:3:s:*
PortworxVolumeSource volumeID:1:s:! fsType:2:s readOnly:3:b
Preconditions uid:1:s:*:Ctypes.UID
PreferAvoidPodsEntry podSignature:1:PodSignature:! evictionTime:2:T reason:3:s message:4:s
PreferredSchedulingTerm weight:1:i:! preference:2:NodeSelectorTerm:!
Probe ^:1:ProbeHandler initialDelaySeconds:2:i timeoutSeconds:3:i periodSeconds:4:i successThreshold:5:i failureThreshold:6:i terminationGracePeriodSeconds:7:l:*
ProbeHandler exec:1:ExecAction:* httpGet:2:HTTPGetAction:* tcpSocket:3:TCPSocketAction:* grpc:4:GRPCAction:*
ProjectedVolumeSource sources:1:[VolumeProjection:!:La:O defaultMode:2:i:*
QuobyteVolumeSource registry:1:s:! volume:2:s:! readOnly:3:b user:4:s group:5:s tenant:6:s
RBDPersistentVolumeSource monitors:1:[s:!:La image:2:s:! fsType:3:s pool:4:s::="rbd" user:5:s::="admin" keyring:6:s::="/etc/ceph/keyring" secretRef:7:SecretReference:* readOnly:8:b
RBDVolumeSource monitors:1:[s:!:La image:2:s:! fsType:3:s pool:4:s::="rbd" user:5:s::="admin" keyring:6:s::="/etc/ceph/keyring" secretRef:7:LocalObjectReference:* readOnly:8:b
RangeAllocation @K metadata:1:meta/v1.ObjectMeta range:2:s:! data:3:y:!
ReplicationController @K metadata:1:meta/v1.ObjectMeta spec:2:ReplicationControllerSpec status:3:ReplicationControllerStatus
ReplicationControllerCondition type:1:s:!:Cv1.ReplicationControllerConditionType status:2:s:!:Cv1.ConditionStatus lastTransitionTime:3:T reason:4:s message:5:s
ReplicationControllerList @K metadata:1:meta/v1.ListMeta items:2:[ReplicationController:!
ReplicationControllerSpec replicas:1:i:*:=1 minReadySeconds:4:i::=0 selector:2:{s::A template:3:PodTemplateSpec:*
ReplicationControllerStatus replicas:1:i:! fullyLabeledReplicas:2:i readyReplicas:4:i availableReplicas:5:i observedGeneration:3:l conditions:6:[ReplicationControllerCondition::Lmtype:Pmerge/type
ResourceClaim name:1:s:! request:2:s
ResourceFieldSelector @A containerName:1:s resource:2:s:! divisor:3:Q
ResourceHealth resourceID:1:s:!:Cv1.ResourceID health:2:s::Cv1.ResourceHealthStatus message:6:s:*
ResourceQuota @K metadata:1:meta/v1.ObjectMeta spec:2:ResourceQuotaSpec status:3:ResourceQuotaStatus
ResourceQuotaList @K metadata:1:meta/v1.ListMeta items:2:[ResourceQuota:!
ResourceQuotaSpec hard:1:{Q::Cv1.ResourceList scopes:2:[s::La:Cv1.ResourceQuotaScope scopeSelector:3:ScopeSelector:*
ResourceQuotaStatus hard:1:{Q::Cv1.ResourceList used:2:{Q::Cv1.ResourceList
ResourceRequirements limits:1:{Q::Cv1.ResourceList requests:2:{Q::Cv1.ResourceList claims:3:[ResourceClaim::Lmname
ResourceStatus name:1:s:!:Cv1.ResourceName resources:2:[ResourceHealth::LmresourceID
SELinuxOptions user:1:s role:2:s type:3:s level:4:s
ScaleIOPersistentVolumeSource gateway:1:s:! system:2:s:! secretRef:3:SecretReference:*! sslEnabled:4:b protectionDomain:5:s storagePool:6:s storageMode:7:s::="ThinProvisioned" volumeName:8:s fsType:9:s::="xfs" readOnly:10:b
ScaleIOVolumeSource gateway:1:s:! system:2:s:! secretRef:3:LocalObjectReference:*! sslEnabled:4:b protectionDomain:5:s storagePool:6:s storageMode:7:s::="ThinProvisioned" volumeName:8:s fsType:9:s::="xfs" readOnly:10:b
ScopeSelector @A matchExpressions:1:[ScopedResourceSelectorRequirement::La
ScopedResourceSelectorRequirement scopeName:1:s:!:Cv1.ResourceQuotaScope operator:2:s:!:Cv1.ScopeSelectorOperator values:3:[s::La
SeccompProfile type:1:s:!:Cv1.SeccompProfileType localhostProfile:2:s:*
Secret @K metadata:1:meta/v1.ObjectMeta immutable:5:b:* data:2:{y stringData:4:{s type:3:s::Cv1.SecretType
SecretEnvSource ^:1:LocalObjectReference optional:2:b:*
SecretKeySelector @A ^:1:LocalObjectReference key:2:s:! optional:3:b:*
SecretList @K metadata:1:meta/v1.ListMeta items:2:[Secret:!
SecretProjection ^:1:LocalObjectReference items:2:[KeyToPath::La optional:4:b:*
SecretReference @A name:1:s namespace:2:s
SecretVolumeSource secretName:1:s items:2:[KeyToPath::La defaultMode:3:i:* optional:4:b:*
SecurityContext capabilities:1:Capabilities:* privileged:2:b:* seLinuxOptions:3:SELinuxOptions:* windowsOptions:10:WindowsSecurityContextOptions:* runAsUser:4:l:* runAsGroup:8:l:* runAsNonRoot:5:b:* readOnlyRootFilesystem:6:b:* allowPrivilegeEscalation:7:b:* procMount:9:s:*:Cv1.ProcMountType seccompProfile:11:SeccompProfile:* appArmorProfile:12:AppArmorProfile:*
SerializedReference @K reference:1:ObjectReference
Service @K metadata:1:meta/v1.ObjectMeta spec:2:ServiceSpec status:3:ServiceStatus
ServiceAccount @K metadata:1:meta/v1.ObjectMeta secrets:2:[ObjectReference::Lmname:Pmerge/name imagePullSecrets:3:[LocalObjectReference::La automountServiceAccountToken:4:b:*
ServiceAccountList @K metadata:1:meta/v1.ListMeta items:2:[ServiceAccount:!
ServiceAccountTokenProjection audience:1:s expirationSeconds:2:l:* path:3:s:!
ServiceList @K metadata:1:meta/v1.ListMeta items:2:[Service:!
ServicePort name:1:s protocol:2:s::="TCP":Cv1.Protocol appProtocol:6:s:* port:3:i:! targetPort:4:I nodePort:5:i
ServiceProxyOptions @K path:1:s
ServiceSpec ports:1:[ServicePort::Lmport,protocol:Pmerge/port selector:2:{s::A clusterIP:3:s clusterIPs:18:[s::La type:4:s::Cv1.ServiceType externalIPs:5:[s::La sessionAffinity:7:s::Cv1.ServiceAffinity loadBalancerIP:8:s loadBalancerSourceRanges:9:[s::La externalName:10:s externalTrafficPolicy:11:s::Cv1.ServiceExternalTrafficPolicy healthCheckNodePort:12:i publishNotReadyAddresses:13:b sessionAffinityConfig:14:SessionAffinityConfig:* ipFamilies:19:[s::La:Cv1.IPFamily ipFamilyPolicy:17:s:*:Cv1.IPFamilyPolicy allocateLoadBalancerNodePorts:20:b:* loadBalancerClass:21:s:* internalTrafficPolicy:22:s:*:Cv1.ServiceInternalTrafficPolicy trafficDistribution:23:s:*
ServiceStatus loadBalancer:1:LoadBalancerStatus conditions:2:[meta/v1.Condition::Lmtype:Pmerge/type
SessionAffinityConfig clientIP:1:ClientIPConfig:*
SleepAction seconds:1:l:!
StorageOSPersistentVolumeSource volumeName:1:s volumeNamespace:2:s fsType:3:s readOnly:4:b secretRef:5:ObjectReference:*
StorageOSVolumeSource volumeName:1:s volumeNamespace:2:s fsType:3:s readOnly:4:b secretRef:5:LocalObjectReference:*
Sysctl name:1:s:! value:2:s:!
TCPSocketAction port:1:I:! host:2:s
Taint key:1:s:! value:2:s effect:3:s:!:Cv1.TaintEffect timeAdded:4:T:*
Toleration key:1:s operator:2:s::Cv1.TolerationOperator value:3:s effect:4:s::Cv1.TaintEffect tolerationSeconds:5:l:*
TopologySelectorLabelRequirement key:1:s:! values:2:[s:!:La
TopologySelectorTerm @A matchLabelExpressions:1:[TopologySelectorLabelRequirement::La
TopologySpreadConstraint maxSkew:1:i:! topologyKey:2:s:! whenUnsatisfiable:3:s:!:Cv1.UnsatisfiableConstraintAction labelSelector:4:meta/v1.LabelSelector:* minDomains:5:i:* nodeAffinityPolicy:6:s:*:Cv1.NodeInclusionPolicy nodeTaintsPolicy:7:s:*:Cv1.NodeInclusionPolicy matchLabelKeys:8:[s::La
TypedLocalObjectReference @A apiGroup:1:s:*!:O kind:2:s:! name:3:s:!
TypedObjectReference apiGroup:1:s:*!:O kind:2:s:! name:3:s:! namespace:4:s:*
Volume name:1:s:! ^:2:VolumeSource
VolumeDevice name:1:s:! devicePath:2:s:!
VolumeMount name:1:s:! readOnly:2:b recursiveReadOnly:7:s:*:Cv1.RecursiveReadOnlyMode mountPath:3:s:! subPath:4:s mountPropagation:5:s:*:Cv1.MountPropagationMode subPathExpr:6:s
VolumeMountStatus name:1:s:! mountPath:2:s:! readOnly:3:b recursiveReadOnly:4:s:*:Cv1.RecursiveReadOnlyMode volumeStatus:5:VolumeStatus:*
VolumeNodeAffinity required:1:NodeSelector:*
VolumeProjection secret:1:SecretProjection:* downwardAPI:2:DownwardAPIProjection:* configMap:3:ConfigMapProjection:* serviceAccountToken:4:ServiceAccountTokenProjection:* clusterTrustBundle:5:ClusterTrustBundleProjection:* podCertificate:6:PodCertificateProjection:*
VolumeResourceRequirements limits:1:{Q::Cv1.ResourceList requests:2:{Q::Cv1.ResourceList
VolumeSource hostPath:1:HostPathVolumeSource:* emptyDir:2:EmptyDirVolumeSource:* gcePersistentDisk:3:GCEPersistentDiskVolumeSource:* awsElasticBlockStore:4:AWSElasticBlockStoreVolumeSource:* gitRepo:5:GitRepoVolumeSource:* secret:6:SecretVolumeSource:* nfs:7:NFSVolumeSource:* iscsi:8:ISCSIVolumeSource:* glusterfs:9:GlusterfsVolumeSource:* persistentVolumeClaim:10:PersistentVolumeClaimVolumeSource:* rbd:11:RBDVolumeSource:* flexVolume:12:FlexVolumeSource:* cinder:13:CinderVolumeSource:* cephfs:14:CephFSVolumeSource:* flocker:15:FlockerVolumeSource:* downwardAPI:16:DownwardAPIVolumeSource:* fc:17:FCVolumeSource:* azureFile:18:AzureFileVolumeSource:* configMap:19:ConfigMapVolumeSource:* vsphereVolume:20:VsphereVirtualDiskVolumeSource:* quobyte:21:QuobyteVolumeSource:* azureDisk:22:AzureDiskVolumeSource:* photonPersistentDisk:23:PhotonPersistentDiskVolumeSource:* projected:26:ProjectedVolumeSource:* portworxVolume:24:PortworxVolumeSource:* scaleIO:25:ScaleIOVolumeSource:* storageos:27:StorageOSVolumeSource:* csi:28:CSIVolumeSource:* ephemeral:29:EphemeralVolumeSource:* image:30:ImageVolumeSource:*
VolumeStatus image:1:ImageVolumeStatus:*
VsphereVirtualDiskVolumeSource volumePath:1:s:! fsType:2:s storagePolicyName:3:s storagePolicyID:4:s
WeightedPodAffinityTerm weight:1:i:! podAffinityTerm:2:PodAffinityTerm:!
WindowsSecurityContextOptions gmsaCredentialSpecName:1:s:* gmsaCredentialSpec:2:s:* runAsUserName:3:s:* hostProcess:4:b:*
`;
