/**
 * CRI messages as the agent sees them: camelCase names, enums as their names, int64 as numbers (nanosecond times lose their last digits,
 * which nobody shows). What the runtime leaves out arrives as '' or 0 or [] or {}, and as null where a whole message is absent.
 */
export interface RuntimeCondition { readonly type: string; readonly status: boolean; readonly reason: string; readonly message: string }
export interface RuntimeHandler { readonly name: string; readonly features?: { readonly recursiveReadOnlyMounts: boolean; readonly userNamespaces: boolean } | null }
export interface RuntimeStatus {
  readonly conditions: readonly RuntimeCondition[];
  readonly handlers: readonly RuntimeHandler[];
}
export interface RuntimeVersion { readonly runtimeName: string; readonly runtimeVersion: string; readonly runtimeApiVersion: string }

export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';
export interface NamespaceOption { network?: NamespaceMode; pid?: NamespaceMode; ipc?: NamespaceMode; targetId?: string }
export interface SecurityProfile { profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost'; localhostRef?: string }
export interface Int64Value { value: number }
export interface SELinuxOption { user?: string; role?: string; type?: string; level?: string }

export interface LinuxContainerResources {
  cpuPeriod?: number;
  cpuQuota?: number;
  cpuShares?: number;
  memoryLimitInBytes?: number;
  oomScoreAdj?: number;
  unified?: Record<string, string>;
  memorySwapLimitInBytes?: number;
}
export interface PodSandboxMetadata { name: string; uid: string; namespace: string; attempt: number }
export interface PortMapping { protocol: 'TCP' | 'UDP' | 'SCTP'; containerPort: number; hostPort: number; hostIp: string }
export interface PodSandboxConfig {
  metadata: PodSandboxMetadata;
  hostname: string;
  logDirectory: string;
  dnsConfig?: { servers: string[]; searches: string[]; options: string[] };
  portMappings: PortMapping[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  linux: {
    cgroupParent: string;
    sysctls: Record<string, string>;
    securityContext: {
      namespaceOptions: NamespaceOption;
      selinuxOptions?: SELinuxOption;
      runAsUser?: Int64Value;
      runAsGroup?: Int64Value;
      readonlyRootfs?: boolean;
      supplementalGroups: number[];
      privileged: boolean;
      seccomp?: SecurityProfile;
    };
    resources?: LinuxContainerResources;
  };
}
export interface PodSandbox {
  readonly id: string;
  readonly metadata: PodSandboxMetadata;
  readonly state: 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
export interface PodSandboxStatus extends PodSandbox {
  readonly network?: { readonly ip: string; readonly additionalIps: readonly { readonly ip: string }[] } | null;
  readonly linux?: { readonly namespaces?: { readonly options?: NamespaceOption | null } | null } | null;
}

export interface ImageSpec { image: string; userSpecifiedImage?: string; annotations?: Record<string, string>; imageRef?: string }
export interface Mount {
  containerPath: string;
  hostPath: string;
  readonly: boolean;
  propagation: 'PROPAGATION_PRIVATE' | 'PROPAGATION_HOST_TO_CONTAINER' | 'PROPAGATION_BIDIRECTIONAL';
  recursiveReadOnly?: boolean;
}
export interface LinuxContainerSecurityContext {
  capabilities?: { addCapabilities: string[]; dropCapabilities: string[] };
  privileged: boolean;
  namespaceOptions: NamespaceOption;
  selinuxOptions?: SELinuxOption;
  runAsUser?: Int64Value;
  runAsUsername?: string;
  runAsGroup?: Int64Value;
  readonlyRootfs: boolean;
  supplementalGroups: number[];
  supplementalGroupsPolicy?: 'Merge' | 'Strict';
  noNewPrivs: boolean;
  maskedPaths: string[];
  readonlyPaths: string[];
  seccomp: SecurityProfile;
  apparmor?: SecurityProfile;
}
export interface ContainerConfig {
  metadata: { name: string; attempt: number };
  image: ImageSpec;
  command: string[];
  args: string[];
  workingDir: string;
  envs: { key: string; value: Uint8Array }[];
  mounts: Mount[];
  devices: { containerPath: string; hostPath: string; permissions: string }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to the sandbox's logDirectory. */
  logPath: string;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  linux: { resources: LinuxContainerResources; securityContext: LinuxContainerSecurityContext };
}
export type ContainerState = 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN';
export interface Container {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata: { readonly name: string; readonly attempt: number };
  readonly image?: ImageSpec | null;
  readonly imageRef: string;
  readonly imageId: string;
  readonly state: ContainerState;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
export interface ContainerStatus {
  readonly id: string;
  readonly metadata: { readonly name: string; readonly attempt: number };
  readonly state: ContainerState;
  /** Nanoseconds since the epoch; 0 when it has not happened. */
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly image?: ImageSpec | null;
  readonly imageRef: string;
  readonly imageId: string;
  readonly reason: string;
  readonly message: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly logPath: string;
  readonly resources?: { readonly linux?: LinuxContainerResources | null } | null;
  readonly user?: { readonly linux?: { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] } | null } | null;
}
export interface ContainerEvent {
  readonly containerId: string;
  readonly containerEventType: 'CONTAINER_CREATED_EVENT' | 'CONTAINER_STARTED_EVENT' | 'CONTAINER_STOPPED_EVENT' | 'CONTAINER_DELETED_EVENT';
  readonly podSandboxStatus?: PodSandboxStatus | null;
}
export interface Filter { readonly id?: string; readonly podSandboxId?: string; readonly labelSelector?: Readonly<Record<string, string>> }
export interface ExecSyncResult { readonly stdout: Uint8Array; readonly stderr: Uint8Array; readonly exitCode: number }

interface Amount { readonly value: number }
export interface CpuUsage { readonly timestamp: number; readonly usageCoreNanoSeconds?: Amount | null; readonly usageNanoCores?: Amount | null }
export interface MemoryUsage { readonly timestamp: number; readonly workingSetBytes?: Amount | null; readonly availableBytes?: Amount | null; readonly usageBytes?: Amount | null; readonly rssBytes?: Amount | null; readonly pageFaults?: Amount | null; readonly majorPageFaults?: Amount | null }
export interface FilesystemUsage { readonly timestamp: number; readonly fsId?: { readonly mountpoint: string } | null; readonly usedBytes?: Amount | null; readonly inodesUsed?: Amount | null }
export interface ContainerStats {
  readonly attributes: { readonly id: string; readonly metadata: { readonly name: string; readonly attempt: number }; readonly labels: Readonly<Record<string, string>> };
  readonly cpu?: CpuUsage | null;
  readonly memory?: MemoryUsage | null;
  readonly writableLayer?: FilesystemUsage | null;
}

export interface Image {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly size: number;
  readonly uid?: Int64Value | null;
  readonly username: string;
  readonly pinned: boolean;
}
export interface AuthConfig { username?: string; password?: string; auth?: string; serverAddress?: string; identityToken?: string; registryToken?: string }
