#!/usr/bin/busybox sh
# Ends every program, waits a moment for containers (the processes in pid namespaces below our own), writes everything out, cuts the power.
: > /run/coracle-stopping
trap '' TERM HUP
own=$(readlink /proc/1/ns/pid)
kill -TERM -1
for i in $(seq 50); do
  readlink /proc/[0-9]*/ns/pid | grep -qvF "$own" || break
  sleep 0.1
done
sync
mount -o remount,ro / 2>/dev/null
exec busybox poweroff -f
