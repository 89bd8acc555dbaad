# Sourced by proof.sh: machines that boot systemd, in containers over this machine's own files, which stay as they are.
# All of them share one network of their own, so that they reach each other over the loopback and nobody else does.

declare -A console=()

# Makes the place for machines: in memory, with a network that ends with its keeper.
open_ground() {
    ground=$(mktemp -d /tmp/hoso-proof.XXXXXX)
    mount -t tmpfs -o size=6g,mode=755 hoso-proof "$ground"
    mkdir "$ground/share"
    unshare --net sleep infinity &
    keeper=$!
    until [ "$(readlink "/proc/$keeper/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    nsenter --net="/proc/$keeper/ns/net" ip link set lo up
    trap close_ground EXIT
}

# Ends only what open_ground and boot have started.
close_ground() {
    local name
    for name in "${!console[@]}"; do kill -KILL "${console[$name]}" $(pgrep -P "${console[$name]}") 2>/dev/null || true; done
    kill -KILL "$keeper" 2>/dev/null || true
    { wait; } 2>/dev/null || true
    # What the machines said, for whoever wants to know why one failed.
    if [ -n "${HOSO_PROOF_KEEP:-}" ]; then
        mkdir -p "$HOSO_PROOF_KEEP"
        cp "$ground"/*.console "$ground"/*.dpkg "$ground"/*.journal "$HOSO_PROOF_KEEP/" 2>/dev/null || true
        for name in "${!console[@]}"; do
            journalctl --quiet --no-pager --directory="$ground/$name/root/var/log/journal" >"$HOSO_PROOF_KEEP/$name.journal" 2>&1 || true
        done
    fi
    for name in "${!console[@]}"; do umount -l "$ground/$name/root" 2>/dev/null || true; done
    umount -l "$ground" && rmdir "$ground"
}

# Lays a machine out: this machine's files, without its services, clusters, and anything of hoso.
lay_out() {
    local place=$ground/$1 entry
    mkdir -p "$place/upper" "$place/work" "$place/root"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$place/root"
    local root=$place/root
    rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/postgresql/* "$root"/var/lib/postgresql/* "$root"/etc/hoso \
        "$root"/var/lib/hoso "$root"/run/hoso "$root"/var/log/journal "$root"/var/log/postgresql/* "$root"/etc/fstab \
        "$root"/etc/machine-id
    touch "$root/etc/machine-id"
    for entry in systemd-networkd systemd-resolved systemd-timesyncd systemd-udevd systemd-networkd-wait-online apt-daily \
        e2scrub_reap; do
        ln -sf /dev/null "$root/etc/systemd/system/$entry.service"
    done
    ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
    mkdir -p "$root/var/log/journal"
    printf '%s\n' "$1" >"$root/etc/hostname"
}

# Boots a machine and waits until it is up.
boot() {
    systemd-nspawn --quiet --register=no --keep-unit --network-namespace-path="/proc/$keeper/ns/net" --directory="$ground/$1/root" \
        --machine="hoso-$1" --bind="$ground/share:/proof" --console=pipe --boot </dev/null >>"$ground/$1.console" 2>&1 &
    console[$1]=$!
    wait_for_boot "$1"
}

# The first process of a machine.
leader() { pgrep -P "${console[$1]}" | head -n 1; }

wait_for_boot() {
    local state= tries
    for tries in $(seq 240); do
        state=$(in_machine "$1" systemctl is-system-running 2>/dev/null || true)
        case "$state" in running | degraded) return 0 ;; esac
        sleep 0.5
    done
    tail -n 40 "$ground/$1.console" >&2
    fail "the machine $1 does not boot ($state)"
}

# Runs something in a machine, as its root.
in_machine() {
    local name=$1
    shift
    nsenter --target "$(leader "$name")" --mount --uts --ipc --net --pid --cgroup -- \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

# Reboots a machine and waits until it is up again. The container leaves with 133, and whoever started it starts it again.
reboot_machine() {
    local status=0
    in_machine "$1" systemctl reboot >/dev/null 2>&1 || true
    wait "${console[$1]}" || status=$?
    [ "$status" = 133 ] || fail "the machine $1 does not reboot ($status)"
    boot "$1"
}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
