#!/usr/bin/busybox sh
# PID 1 of a node VM. Order matters for boot time: SSH first, then containerd, then everything that they do not wait for.
export PATH=/opt/coracle/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev shm /dev/shm
mount -t tmpfs -o mode=755,nosuid,nodev run /run
mount -t tmpfs -o mode=1777,nosuid,nodev tmp /tmp
mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf 2>/dev/null
mount --make-rshared /
for c in cpu memory pids io cpuset hugetlb; do echo "+$c" > /sys/fs/cgroup/cgroup.subtree_control; done 2>/dev/null
# What CNI remembers is about sandboxes that did not survive: addresses are free again, and a result that a power cut left empty would keep
# containerd from ending the old sandbox, and so the pod from starting again.
rm -rf /var/lib/cni
mkdir -p /run/lock /run/netns /run/containerd
ln -sf /proc/self/fd /dev/fd

# The host's word on who we are: keys, addresses, agent. A disk that is nothing but a tar.
modprobe virtio_blk
while ! [ -b /dev/vda ]; do sleep 0.02; done
tar xf /dev/vda -C /
. /etc/coracle/machine.env
hostname "$NODE_NAME"
echo "$NODE_NAME" > /etc/hostname
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n%s %s\n' "$CLUSTER_ADDRESS" "$NODE_NAME" > /etc/hosts
[ -s /etc/machine-id ] || tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id
# A host that slept, or a machine without a clock chip: the host's time is the better one when they differ by more than a moment.
now=$(date +%s)
[ "$now" -lt "$HOST_TIME" ] && date -s "@$HOST_TIME" > /dev/null

ip link set lo up
modprobe virtio_net
for path in /sys/class/net/*; do
  case "$(cat "$path/address")" in
    "$HOST_MAC") host_interface=${path##*/} ;;
    "$CLUSTER_MAC") cluster_interface=${path##*/} ;;
  esac
done
[ "$host_interface" = eth0 ] || { ip link set "$cluster_interface" name swap0; ip link set "$host_interface" name eth0; ip link set swap0 name eth1; } 2>/dev/null
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2 dev eth0
echo 'nameserver 10.0.2.3' > /etc/resolv.conf
ip link set eth1 up 2>/dev/null
ip addr add "$CLUSTER_ADDRESS/24" dev eth1 2>/dev/null

dropbear -s -F -E -r /etc/dropbear/host_key -p 22 -W 1048576 -K 30 -e 2> /var/log/dropbear.log &

# Starts a service again whenever it ends; its output goes to a log that starts anew when it has grown large.
supervise() {
  log=$1 pid_file=$2; shift 2
  while ! [ -e /run/coracle-stopping ]; do
    [ -f "$log" ] && [ "$(stat -c %s "$log")" -gt 20000000 ] && mv -f "$log" "$log.1"
    "$@" >> "$log" 2>&1 &
    echo $! > "$pid_file"
    wait $!
    sleep 1
  done
}

run_agent() {
  while ! [ -f /opt/coracle/agent.mjs ] || ! [ -f /etc/coracle/agent.json ]; do sleep 0.2; done
  exec node /opt/coracle/agent.mjs --config /etc/coracle/agent.json
}

modprobe overlay
supervise /var/log/containerd.log /run/coracle-containerd.pid containerd --config /etc/containerd/config.toml &
modprobe -a br_netfilter veth nf_conntrack nft_ct nft_nat nft_chain_nat nft_masq nft_redir nft_fib_inet nft_reject_inet nft_numgen nft_hash nft_limit 2>/dev/null
for s in net/ipv4/ip_forward=1 net/ipv6/conf/all/forwarding=1 net/bridge/bridge-nf-call-iptables=1 net/bridge/bridge-nf-call-ip6tables=1 vm/overcommit_memory=1 \
  vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 fs/inotify/max_user_instances=8192 fs/inotify/max_user_watches=524288 net/ipv4/conf/all/rp_filter=0 net/ipv4/conf/default/rp_filter=0 \
  net/ipv4/conf/eth0/rp_filter=0 net/ipv4/conf/eth1/rp_filter=0; do
  echo "${s#*=}" > "/proc/sys/${s%%=*}"
done 2>/dev/null
supervise /var/log/coracle-agent.log /run/coracle-agent.pid run_agent &
# The image's file system is small; a node's disk is larger. Growing it online disturbs nobody.
[ -e /var/lib/coracle/grown ] || { resize2fs /dev/nvme0n1 > /var/log/resize2fs.log 2>&1 && mkdir -p /var/lib/coracle && : > /var/lib/coracle/grown; } &

# The first pod waits for programs that come from disk for the first time and for the pause image. Fetched beforehand, at the lowest priority, once
# the agent has its pod network and has nothing more urgent to do.
warm_up() {
  while ! [ -S /run/containerd/containerd.sock ] || ! ls /etc/cni/net.d/*.conflist > /dev/null 2>&1; do sleep 1; done
  for p in bridge host-local loopback; do CNI_COMMAND=VERSION nice -n 19 /opt/cni/bin/$p < /dev/null; done > /dev/null 2>&1
  nice -n 19 containerd-shim-runc-v2 -v > /dev/null
  nice -n 19 crun --version > /dev/null
  [ -e /var/lib/coracle/pause ] && return
  nice -n 19 ctr --namespace k8s.io images pull --hosts-dir /etc/containerd/certs.d --label io.cri-containerd.pinned=pinned registry.k8s.io/pause:3.10 > /var/log/warm-up.log 2>&1 && : > /var/lib/coracle/pause
}
mkdir -p /var/lib/coracle
warm_up &
echo "coracle: $NODE_NAME is up after $(cut -d' ' -f1 /proc/uptime) s" > /dev/console
while :; do wait; sleep 1; done
