/** What differs between a machine of its own and a node that shares the host's kernel. */
export interface ContainerdConfigurationOptions {
  /** Address:port of the image registry as the node sees it. */
  readonly imageMirror?: string;
  readonly cniBinDirectory: string;
  /** runc, or crun, which starts much faster where the processor is emulated. */
  readonly runtimeBinary: 'runc' | 'crun';
  /** True where the node lives in namespaces of the host: some kernel knobs are out of reach there. */
  readonly sharedKernel: boolean;
}

/** containerd 1.7's /etc/containerd/config.toml. */
export function containerdConfiguration(options: ContainerdConfigurationOptions): string {
  const shared = options.sharedKernel ? `
    restrict_oom_score_adj = true
    disable_apparmor = true
    tolerate_missing_hugetlb_controller = true
    netns_mounts_under_state_dir = true` : '';
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.blockfile", "io.containerd.internal.v1.tracing", "io.containerd.nri.v1.nri"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "registry.k8s.io/pause:3.10"
    enable_unprivileged_ports = true
    enable_unprivileged_icmp = true
    stream_server_address = "127.0.0.1"${shared}
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "${options.cniBinDirectory}"
      conf_dir = "/etc/cni/net.d"
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
    [plugins."io.containerd.grpc.v1.cri".containerd]
      snapshotter = "overlayfs"
      default_runtime_name = "runc"
      discard_unpacked_layers = true
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
        runtime_type = "io.containerd.runc.v2"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
          SystemdCgroup = false
          BinaryName = "${options.runtimeBinary}"
`;
}

/**
 * The only place that the node asks for images, /etc/containerd/certs.d/_default/hosts.toml. The mirror itself goes on to the real registries:
 * named as `server` too, so that its own answer (such as "no network") reaches the user and not a second failure.
 */
export function registryHosts(imageMirror: string): string {
  return `server = "http://${imageMirror}"

[host."http://${imageMirror}"]
  capabilities = ["pull", "resolve"]
`;
}
