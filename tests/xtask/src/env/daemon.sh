#!/bin/sh
# Gives a daemon a bridge of its own and starts it, or takes the bridge away again.
#
#   daemon.sh up|down BRIDGE SUBNET MTU
#
# The daemon does not touch iptables and this script adds only rules for the one bridge, so any number
# of daemons, a person's own included, share the host's network without fighting over docker0.
set -eu

action=$1 bridge=$2 subnet=$3 mtu=$4

each_rule() { # calls a function with the table, the chain and the rest of each rule
    "$1" nat POSTROUTING --source "$subnet" ! --out-interface "$bridge" --jump MASQUERADE
    "$1" filter FORWARD --in-interface "$bridge" --jump ACCEPT
    "$1" filter FORWARD --out-interface "$bridge" --jump ACCEPT
}

add() {
    table=$1
    shift
    iptables --wait --table "$table" --check "$@" 2>/dev/null || iptables --wait --table "$table" --insert "$@"
}

remove() {
    table=$1
    shift
    while iptables --wait --table "$table" --delete "$@" 2>/dev/null; do :; done
}

if [ "$action" = down ]; then
    each_rule remove
    ip link delete "$bridge"
    exit 0
fi

[ -e "/sys/class/net/$bridge" ] || ip link add "$bridge" type bridge
ip address replace "$subnet" dev "$bridge"
ip link set "$bridge" mtu "$mtu" up
each_rule add

exec tini-static -g -- dockerd \
    --config-file /harness/daemon.json \
    --host unix:///harness/docker.sock \
    --data-root /harness/data \
    --exec-root /run/docker \
    --pidfile /run/docker.pid \
    --bridge "$bridge" --mtu "$mtu" --iptables=false --ip-masq=false
