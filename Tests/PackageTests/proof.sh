#!/usr/bin/env bash
# Installs the package on two machines that boot systemd, makes one a centre and the other a post office, sends real input through
# while services are killed, stopped, upgraded and downgraded and the centre reboots, and then counts.
#   proof.sh PACKAGE NEWER-PACKAGE
# Takes root, systemd-nspawn, overlay file systems, and what the package depends on. Leaves with 0 when all is as promised.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/machines.sh"

package=$(realpath "$1") newer=$(realpath "$2")
files=${HOSO_PROOF_FILES:-500} rows=60 refused=20
canaries='Khuyen-Canary|0799313131|079199313131'

step() { printf '%7ss  %s\n' "$SECONDS" "$*"; }
check() { # WHAT COMMAND…: the command succeeds, or all is over
    local what=$1
    shift
    "$@" || fail "$what"
}
centre() { in_machine centre "$@"; }
office() { in_machine office "$@"; }
query() { centre runuser -u postgres -- psql -XAtq -d hoso -c "$1"; }
until_true() { # SECONDS WHAT COMMAND…
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "not in time: $what"
        sleep 0.5
    done
}
units="hoso-migrate hoso-broker hoso-worker@1 hoso-worker@2 hoso-aggregator hoso-surveys hoso-operations"
centre_is_up() { local unit; for unit in $units; do centre systemctl is-active --quiet "$unit.service" || return 1; done; }

open_ground
cp "$package" "$ground/share/hoso.deb"
cp "$newer" "$ground/share/newer.deb"
version=$(dpkg-deb -f "$package" Version) newer_version=$(dpkg-deb -f "$newer" Version)
for machine in centre office; do
    lay_out "$machine"
    boot "$machine"
    step "$machine has booted"
    in_machine "$machine" dpkg --install /proof/hoso.deb >"$ground/$machine.dpkg" 2>&1 || {
        cat "$ground/$machine.dpkg" >&2
        fail "the package is not installed on $machine"
    }
done

step "hoso setup makes a centre"
check "hoso setup" centre hoso setup --database local --workers 2 --yes --language en
check "the centre runs" centre_is_up
check "a set-up that is run again changes nothing" centre hoso setup --database local --yes --language en >/dev/null

step "what services may do is limited (systemd-analyze security)"
for unit in $units; do
    exposure=$(centre systemd-analyze security --no-pager "$unit.service" | sed -nE 's/.*exposure level for .*: ([0-9.]+) .*/\1/p')
    awk -v exposure="${exposure:-10}" 'BEGIN { exit !(exposure <= 1.5) }' || fail "$unit.service: exposure $exposure"
done

step "two senders are enrolled"
for sender in dinh-van nam-ban; do
    centre hoso sender enrol "$sender" --channel in_person online postal --reached-at tcp://127.0.0.1:5710 --language en \
        >"$ground/share/$sender.code" 2>/dev/null
done
check "hoso setup --sender" office hoso setup --sender /proof/dinh-van.code --language en
check "hoso agent enrol" office hoso agent enrol /proof/nam-ban.code --data /root/nam-ban --language en >/dev/null
office systemd-run --quiet --unit=nam-ban --property=Restart=always --property=RestartSec=1 \
    hoso agent --config /root/nam-ban/hoso.yaml
exposure=$(office systemd-analyze security --no-pager hoso-agent.service | sed -nE 's/.*exposure level for .*: ([0-9.]+) .*/\1/p')
awk -v exposure="${exposure:-10}" 'BEGIN { exit !(exposure <= 1.5) }' || fail "hoso-agent.service: exposure $exposure"
centre systemd-run --quiet --unit=listener --property=Restart=always --property=RestartSec=1 \
    --property=StandardOutput=append:/proof/tasks hoso surveys listen

# Input as it comes, with what must appear in no log; the second sender has some that the centre refuses.
office sh -c "
    set -e
    mkdir /root/input && cd /root/input
    hoso sample --count $((2 * files * rows)) --seed 7 | split -l $rows -a 3 -d --additional-suffix=.ndjson - part-
    sed -i -E 's/\"applicant_name\":\"[^\"]*\"/\"applicant_name\":\"Khuyen-Canary\"/; s/\"applicant_phone\":\"[^\"]*\"/\"applicant_phone\":\"0799313131\"/' part-*
    sed -i -E '1s/\"applicant_id\":\"[^\"]*\"/\"applicant_id\":\"079199313131\"/' part-*
    hoso sample --count $refused --seed 97 |
        sed -E 's/\"channel\":\"[^\"]*\"/\"channel\":\"pigeon\"/; s/\"applicant_name\":\"[^\"]*\"/\"applicant_name\":\"Khuyen-Canary\"/' >refused.ndjson
"

# Drops a file into one folder or the other, now and then, until there is no need for a load any more.
feed() {
    local number name inbox rest=30
    for number in $(seq 0 $((2 * files - 1))); do
        name=$(printf 'part-%03d.ndjson' "$number")
        inbox=/var/lib/hoso/sender/inbox
        [ $((number % 2)) = 0 ] || inbox=/root/nam-ban/inbox
        office sh -c "cp /root/input/$name $inbox/$name.part && mv $inbox/$name.part $inbox/$name && cat /root/input/$name >>/proof/input"
        echo "$name" >>"$ground/share/dropped"
        if [ ! -e "$ground/share/enough" ]; then
            sleep 0.6
        elif ! ((rest--)); then
            break
        fi
    done
    office sh -c 'cp /root/input/refused.ndjson /root/nam-ban/inbox/'
}
# A connection to the broker is never refused: what systemd listens for is there also while the broker is not.
knock() {
    while [ ! -e "$ground/share/knocked-enough" ]; do
        nsenter --net="/proc/$keeper/ns/net" bash -c 'exec 3<>/dev/tcp/127.0.0.1/5710' 2>/dev/null ||
            echo "$SECONDS" >>"$ground/share/refused"
        echo >>"$ground/share/knocks"
        sleep 0.05
    done
}
feed &
feeding=$!
knock &
knocking=$!

step "services are killed"
for unit in hoso-broker hoso-worker@1 hoso-aggregator hoso-surveys hoso-worker@2 hoso-broker; do
    centre systemctl kill --signal=KILL --kill-who=main "$unit.service"
    sleep 1.5
done
office systemctl kill --signal=KILL --kill-who=main hoso-agent.service
office systemctl kill --signal=KILL nam-ban.service
until_true 60 "everything runs again" centre_is_up

step "one hangs, which systemd notices"
centre systemctl kill --signal=STOP --kill-who=main hoso-worker@2.service
noticed() { centre journalctl --no-pager --unit=hoso-worker@2.service | grep -q 'Watchdog timeout'; }
until_true 45 "the watchdog ends a service that hangs" noticed
until_true 20 "it runs again" centre systemctl is-active --quiet hoso-worker@2.service

step "one lacks its key, and is left alone until somebody has given it back"
centre mv /etc/hoso/keys/worker/personal /root/personal
centre systemctl restart hoso-worker@2.service >/dev/null 2>&1 && fail "a worker runs without a key"
sleep 4
[ "$(centre systemctl show --property=ActiveState,ExecMainStatus --value hoso-worker@2.service | xargs)" = "78 failed" ] ||
    [ "$(centre systemctl show --property=ExecMainStatus,ActiveState --value hoso-worker@2.service | xargs)" = "failed 78" ] ||
    fail "without a key: $(centre systemctl show --property=ActiveState,ExecMainStatus hoso-worker@2.service | xargs)"
centre mv /root/personal /etc/hoso/keys/worker/personal
check "it starts with its key" centre systemctl start hoso-worker@2.service

step "services are stopped and started"
for unit in hoso-worker@1 hoso-broker hoso-worker@2; do
    centre systemctl restart "$unit.service"
    [ "$(centre systemctl show --property=Result --value "$unit.service")" = success ] || fail "$unit did not drain in time"
done
centre systemctl stop hoso-worker@1.service hoso-worker@2.service
sleep 2
centre systemctl start hoso-worker@1.service hoso-worker@2.service
office systemctl restart hoso-agent.service

step "PostgreSQL is away for longer than the watchdog waits, and nobody starts again for that"
restarts() { centre systemctl show --property=NRestarts --value $(printf '%s.service ' $units) | xargs; }
before=$(restarts)
centre systemctl stop postgresql@15-main.service
sleep 25
centre systemctl show --property=StatusText --value hoso-worker@1.service | grep -q degraded || fail "the worker does not say that it is degraded"
centre systemctl start postgresql@15-main.service
[ "$(restarts)" = "$before" ] || fail "services started again while the database was away: $before, $(restarts)"

step "PostgreSQL starts again"
centre systemctl restart postgresql@15-main.service
until_true 60 "everything runs with the database" centre_is_up

step "the package is upgraded to $newer_version"
check "upgrade" centre dpkg --install /proof/newer.deb >>"$ground/centre.dpkg" 2>&1
[ "$(centre dpkg-query -W -f '${Version}' hoso)" = "$newer_version" ] || fail "it is not the newer version"
until_true 60 "everything runs after the upgrade" centre_is_up
check "upgrade of the post office" office dpkg --install /proof/newer.deb >>"$ground/office.dpkg" 2>&1
step "and downgraded to $version"
check "downgrade" centre dpkg --install /proof/hoso.deb >>"$ground/centre.dpkg" 2>&1
until_true 60 "everything runs after the downgrade" centre_is_up
check "installed once more" centre dpkg --install /proof/hoso.deb >>"$ground/centre.dpkg" 2>&1
until_true 60 "everything runs after that" centre_is_up
touch "$ground/share/knocked-enough"
wait "$knocking"
[ ! -e "$ground/share/refused" ] || fail "connections were refused: $(tr '\n' ' ' <"$ground/share/refused")"
step "no connection of $(wc -l <"$ground/share/knocks") was refused meanwhile"

step "the centre reboots"
[ -d "/proc/$feeding" ] || fail "everything had been handed in before the centre reboots: give it more files (HOSO_PROOF_FILES)"
reboot_machine centre
touch "$ground/share/enough"
until_true 90 "everything runs after the reboot" centre_is_up
centre systemd-run --quiet --unit=listener --property=Restart=always --property=RestartSec=1 \
    --property=StandardOutput=append:/proof/tasks hoso surveys listen
wait "$feeding"

step "the rest arrives"
settled() {
    [ "$(office sh -c 'ls /var/lib/hoso/sender/inbox/done /root/nam-ban/inbox/done | grep -c "ndjson$"')" = "$(wc -l <"$ground/share/dropped")" ]
}
until_true 180 "every file has its receipts" settled
until_true 60 "the centre refuses what it must" office test -e /root/nam-ban/inbox/failed/refused.ndjson
[ "$(office sh -c 'cat /var/lib/hoso/sender/inbox/failed/* /root/nam-ban/inbox/failed/*.rejected.ndjson | wc -l' 2>/dev/null)" = $refused ] ||
    fail "what was refused is not what should have been"

step "root sends too, while the agent runs and while it does not, and leaves it what it needs"
office sh -c 'hoso sample --count 50 --seed 99 >/proof/more-1; hoso sample --count 90 --seed 98 | tail -n 40 >/proof/more-2'
check "hoso send beside the agent" office hoso send /proof/more-1 --language en
office systemctl stop hoso-agent.service
check "hoso send without the agent" office hoso send /proof/more-2 --language en
check "the agent starts after that" office systemctl start hoso-agent.service
cat "$ground/share/input" "$ground/share/more-1" "$ground/share/more-2" | sed -E 's/.*"dossier_code":"([^"]*)".*/\1/' |
    LC_ALL=C sort >"$ground/share/sent"
[ -z "$(uniq -d "$ground/share/sent")" ] || fail "the sample repeats a code"

step "what was sent is compared with what is stored"
query "SELECT code FROM hoso.dossier" | LC_ALL=C sort >"$ground/stored"
cmp "$ground/share/sent" "$ground/stored" || fail "sent and stored differ: $(comm -3 "$ground/share/sent" "$ground/stored" | head -5)"
[ "$(query "SELECT count(*) FROM hoso.quarantine")" = $refused ] || fail "the quarantine has not what was refused"
check "hoso reconcile" centre hoso reconcile --language en
folded() { centre hoso adoption verify; }
until_true 60 "the figures have everything" folded
check "hoso adoption verify" centre hoso adoption verify --language en
tasks() { [ "$(query 'SELECT count(*) FROM hoso.survey_task')" = "$(grep -oE '"task": *"?[0-9]+' "$ground/share/tasks" | sort -u | wc -l)" ]; }
until_true 60 "every survey task is delivered" tasks
grep -q Khuyen-Canary "$ground/share/tasks" || fail "what must not be in a log was not in the input either"

centre hoso status --language en >"$ground/status" || true
grep -q "^broker  *ready" "$ground/status" || fail "hoso status does not show a broker that is ready: $(cat "$ground/status")"
cat "$ground/status"

step "nothing has failed, and no log has personal data"
for machine in centre office; do
    failed=$(in_machine "$machine" systemctl list-units --failed --plain --no-legend 'hoso*' nam-ban.service listener.service)
    [ -z "$failed" ] || fail "on $machine: $failed"
    in_machine "$machine" journalctl --no-pager --quiet >"$ground/$machine.journal"
    ! grep -nE "$canaries" "$ground/$machine.journal" || fail "personal data in the journal of $machine"
    in_machine "$machine" sh -c 'cat /var/log/syslog /var/log/postgresql/*.log 2>/dev/null || true' >"$ground/$machine.logs"
    ! grep -nE "$canaries" "$ground/$machine.logs" || fail "personal data in a log of $machine"
done
[ -s "$ground/centre.journal" ] || fail "there is no journal"

step "a purge keeps keys and spool, and says so"
office dpkg --purge hoso >"$ground/purge" 2>&1
centre dpkg --purge hoso >>"$ground/purge" 2>&1
[ "$(grep -c 'is KEPT' "$ground/purge")" = 3 ] || { cat "$ground/purge" >&2; fail "the purge does not say what it keeps"; }
centre test -e /etc/hoso/keys/worker/personal || fail "the purge removed the key of personal data"
office test -e /var/lib/hoso/sender/sender.sqlite || fail "the purge removed the spool"
for place in /etc/hoso/hoso.yaml /usr/bin/hoso /etc/systemd/system/hoso.target.wants /run/hoso; do
    ! centre test -e "$place" || fail "the purge left $place"
done
[ -z "$(centre systemctl list-units --plain --no-legend 'hoso*')" ] || fail "units run after the purge"
step "another machine becomes a centre with a database elsewhere, by TLS and passwords"
cat >"$ground/share/tls.sh" <<'SCRIPT'
set -e
cd /etc/postgresql/15/main
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=database.example -addext subjectAltName=DNS:database.example \
    -keyout server.key -out server.crt
chown postgres server.key server.crt
cp server.crt /proof/database-ca.crt
cat >>postgresql.conf <<END
ssl = on
ssl_cert_file = '$PWD/server.crt'
ssl_key_file = '$PWD/server.key'
END
echo 'hostssl elsewhere all 127.0.0.1/32 scram-sha-256' >>pg_hba.conf
systemctl restart postgresql@15-main.service
runuser -u postgres -- psql -Xq -c "ALTER ROLE hoso_migrate PASSWORD 'a secret of two machines'" \
    -c 'CREATE DATABASE elsewhere OWNER hoso_migrate'
SCRIPT
centre sh /proof/tls.sh >"$ground/tls" 2>&1 || {
    cat "$ground/tls" >&2
    fail "the server does not take TLS"
}
echo "a secret of two machines" >"$ground/share/password"
lay_out second
boot second
in_machine second dpkg --install /proof/hoso.deb >"$ground/second.dpkg" 2>&1
in_machine second sh -c 'echo 127.0.0.1 database.example >>/etc/hosts; cp /proof/database-ca.crt /etc/hoso/'
check "hoso setup with a connection string" in_machine second hoso setup --yes --workers 1 --language en \
    --password-file /proof/password \
    --database "host=database.example dbname=elsewhere user=hoso_migrate sslmode=verify-full sslrootcert=/etc/hoso/database-ca.crt"
check "hoso send at the centre itself" in_machine second hoso send /proof/more-1 --language en
check "hoso reconcile" in_machine second hoso reconcile --language en
in_machine second sh -c 'cat /etc/hoso/keys/*/hoso_* /etc/hoso/hoso.yaml' >/dev/null
[ "$(in_machine second sh -c 'ls /etc/hoso/keys/worker /etc/hoso/keys/aggregator' | grep -c '^hoso_')" = 2 ] || fail "a service has another one's password"
! in_machine second grep -q "a secret" /etc/hoso/hoso.yaml || fail "a password is in the settings"
in_machine second systemctl stop hoso.target

step "after the purge, the package and the set-up give all of it back"
centre dpkg --install /proof/newer.deb >>"$ground/centre.dpkg" 2>&1
check "hoso setup after a purge" centre hoso setup --database local --workers 2 --yes --language en >/dev/null
check "hoso reconcile after a purge" centre hoso reconcile --language en >/dev/null
[ "$(query 'SELECT count(*) FROM hoso.dossier')" = "$(wc -l <"$ground/share/sent")" ] || fail "dossiers are missing"
step "all is as promised"
