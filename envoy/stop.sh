#!/bin/sh
# Ends Envoy without losing a stream or a credit: `stop.sh [ADMIN [SECONDS]]`, as a `preStop` hook.
#
# Apps are asked to connect elsewhere, what runs goes on to its end, for SECONDS at most (600), what
# it cost is settled, and Envoy ends. Give the pod a `terminationGracePeriodSeconds` above SECONDS.
# Envoy cuts what still runs then.
set -eu
admin=${1:-127.0.0.1:9901}
left=${2:-600}
call() { curl --silent --show-error --fail --max-time 5 "$@"; }

call --request POST "http://$admin/drain_listeners?graceful&skip_exit" > /dev/null
running() {
    call "http://$admin/stats?filter=^http.tradewind.downstream_rq_active$" | sed 's/.*: //'
}
while [ "$left" -gt 0 ] && [ "$(running)" != 0 ]; do
    sleep 1
    left=$((left - 1))
done
# Settlements leave every tenth of a second, and have their answers soon after.
sleep 1
call --request POST "http://$admin/quitquitquit" > /dev/null
