#!/bin/sh
# A node of driver `local`, in two stages: `launch` runs on the host and enters the node's cgroup and namespaces; `init` is the node's PID 1.
# Settings come in the environment: NODE_NAME NODE_ROOT NODE_CGROUP NODE_NETNS RUNTIME NODE_BINARY CLUSTER_ADDRESS
set -u

enter_cgroups() {
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$NODE_CGROUP/init"
    for c in $(cat /sys/fs/cgroup/cgroup.controllers); do
      echo "+$c" > "/sys/fs/cgroup/$(dirname "$NODE_CGROUP")/cgroup.subtree_control"
    done 2>/dev/null
    echo $$ > "/sys/fs/cgroup/$NODE_CGROUP/cgroup.procs"
    return
  fi
  while read -r _ _ kind options _; do
    [ "$kind" = cgroup ] || continue
    for h in /sys/fs/cgroup/*; do case ",$options," in *",${h##*/},"*) break ;; esac; done
    case "$options" in *name=*) h=/sys/fs/cgroup/$(echo "$options" | sed 's/.*name=\([^,]*\).*/\1/') ;; esac
    mkdir -p "$h/$NODE_CGROUP" || continue
    if [ -f "$h/cpuset.cpus" ]; then
      p=$h
      for part in $(echo "$NODE_CGROUP" | tr / ' '); do
        cat "$p/cpuset.cpus" > "$p/$part/cpuset.cpus"; cat "$p/cpuset.mems" > "$p/$part/cpuset.mems"; p=$p/$part
      done
    fi
    echo $$ > "$h/$NODE_CGROUP/cgroup.procs"
  done < /proc/mounts
}

mount_cgroups() {
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 "$1"
    mkdir -p "$1/init"
    while read -r p; do echo "$p" > "$1/init/cgroup.procs"; done < "$1/cgroup.procs"
    for c in $(cat "$1/cgroup.controllers"); do echo "+$c" > "$1/cgroup.subtree_control"; done 2>/dev/null
    return
  fi
  mounted=$(cat /proc/mounts)
  mount -t tmpfs -o mode=755 cgroup "$1"
  while read -r _ where kind options _; do
    [ "$kind" = cgroup ] || continue
    controllers=$(echo "$options" | tr , '\n' | grep -vE '^(rw|ro|nosuid|nodev|noexec|relatime|xattr|release_agent=.*)$' | tr '\n' , | sed 's/,$//')
    mkdir -p "$1/${where##*/}"
    mount -t cgroup -o "$controllers" cgroup "$1/${where##*/}"
  done <<EOF
$mounted
EOF
}

# A root of its own: the host's programs read only, everything that a node writes below NODE_ROOT.
build_root() {
  r=/mnt
  mount -t tmpfs -o mode=755 root "$r"
  for d in usr bin sbin lib lib32 lib64 libx32; do
    [ -e "/$d" ] || continue
    if [ -L "/$d" ]; then ln -s "$(readlink "/$d")" "$r/$d"; else mkdir "$r/$d"; mount --rbind "/$d" "$r/$d"; mount -o remount,bind,ro "$r/$d" 2>/dev/null; fi
  done
  mkdir -p "$r/proc" "$r/sys" "$r/dev" "$r/run" "$r/tmp" "$r/root" "$r/mnt" "$r/var" "$r/opt" "$r/etc" "$r/.old"
  for d in var opt etc; do mkdir -p "$NODE_ROOT/$d"; mount --bind "$NODE_ROOT/$d" "$r/$d"; done
  for f in passwd group nsswitch.conf ld.so.cache ld.so.conf services protocols os-release debian_version resolv.conf; do
    [ -e "/etc/$f" ] && cp -L "/etc/$f" "$r/etc/$f"
  done
  for d in ssl alternatives ld.so.conf.d iproute2; do
    [ -d "/etc/$d" ] && { mkdir -p "$r/etc/$d"; mount --bind "/etc/$d" "$r/etc/$d"; }
  done
  mkdir -p "$r/opt/coracle/runtime" "$r/opt/coracle/bin" "$r/var/log/pods" "$r/var/log/containers" "$r/var/lib/cni" "$r/var/lib/kubelet" "$r/var/tmp"
  mount --bind "$RUNTIME" "$r/opt/coracle/runtime"
  : > "$r/opt/coracle/bin/node"; mount --bind "$NODE_BINARY" "$r/opt/coracle/bin/node"
  mount -t tmpfs -o mode=755 run "$r/run"; mount -t tmpfs -o mode=1777 tmp "$r/tmp"
  mkdir -p "$r/run/netns" "$r/run/lock" "$r/run/containerd"
  rm -rf "$r/var/lib/cni/networks"
  mount -t proc proc "$r/proc"; mount -t sysfs sysfs "$r/sys"; mount --rbind /dev "$r/dev"
  mount_cgroups "$r/sys/fs/cgroup"
  for f in hosts hostname; do rm -f "$r/etc/$f"; done
  printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n%s %s\n' "$CLUSTER_ADDRESS" "$NODE_NAME" > "$r/etc/hosts"
  echo "$NODE_NAME" > "$r/etc/hostname"
  cat /proc/sys/kernel/random/uuid | tr -d - > "$r/etc/machine-id.new"
  [ -s "$r/etc/machine-id" ] || mv "$r/etc/machine-id.new" "$r/etc/machine-id"
  rm -f "$r/etc/machine-id.new"
  cd "$r" && pivot_root . .old && cd / && umount -l /.old && rmdir /.old && mount --make-rshared /
}

# Starts a service again whenever it ends; its output goes to a log that starts anew when it has grown large.
supervise() {
  log=$1 pid_file=$2; shift 2
  while :; do
    [ -f "$log" ] && [ "$(stat -c %s "$log")" -gt 20000000 ] && mv -f "$log" "$log.1"
    "$@" >> "$log" 2>&1 &
    echo $! > "$pid_file"
    wait $!
    sleep 1
  done
}

run_agent() {
  while ! [ -f /opt/coracle/agent.mjs ] || ! [ -f /etc/coracle/agent.json ]; do sleep 0.2; done
  exec /opt/coracle/bin/node /opt/coracle/agent.mjs --config /etc/coracle/agent.json
}

case "$1" in
  launch)
    enter_cgroups
    exec nsenter --net="$NODE_NETNS" unshare --mount --pid --ipc --uts --cgroup --fork --kill-child --mount-proc sh "$0" init
    ;;
  init)
    hostname "$NODE_NAME"
    build_root || { echo "cannot build the root of $NODE_NAME"; exit 1; }
    export PATH=/opt/coracle/runtime/bin:/opt/coracle/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root NODE_NAME
    echo 1 > /proc/sys/net/ipv4/ip_forward
    for f in iptables ip6tables; do echo 1 > /proc/sys/net/bridge/bridge-nf-call-$f; done 2>/dev/null
    supervise /var/log/containerd.log /run/coracle-containerd.pid containerd --config /etc/containerd/config.toml &
    # A subshell's own number is not $$, and exec keeps it: that is the process that the pid file names.
    supervise /var/log/coracle-agent.log /run/coracle-agent.pid run_agent &
    : > /run/coracle-ready
    trap 'exit 0' TERM
    while :; do wait; sleep 1; done
    ;;
esac
