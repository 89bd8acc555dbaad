#!/bin/sh
# Two PostgreSQL servers in a folder, of which the second follows the first and every commit waits for both.
#   standby.sh FOLDER start     makes and starts them, with sockets in FOLDER/first and FOLDER/second
#   standby.sh FOLDER fail      kills the first without warning, as a machine that loses power, and promotes the second
#   standby.sh FOLDER stop      ends what runs
set -eu
folder=$1
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)

as_server() {
    if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}

run() { as_server env -C / LC_ALL=C.UTF-8 "$bin/$1" -D "$folder/$2/data" -w -t 60 -l "$folder/$2/log" "$3" >"$folder/$2/ctl" 2>&1; }

psql_in() { as_server env -C / psql -X -q -v ON_ERROR_STOP=1 -h "$folder/$1" -U hoso -d hoso -c "$2"; }

case $2 in
    start)
        for name in first second; do
            mkdir -p "$folder/$name"
            chmod 711 "$folder" "$folder/$name"
            [ "$(id -u)" -ne 0 ] || chown postgres: "$folder/$name"
        done
        as_server env -C / "$bin/initdb" -D "$folder/first/data" -k -U hoso -A trust --no-instructions >/dev/null
        as_server tee -a "$folder/first/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$folder/first'
unix_socket_permissions = 0777
synchronous_standby_names = 'ANY 1 (second)'
synchronous_commit = on
timezone = 'UTC'
CONF
        # Nobody waits for a standby that is not there yet.
        run pg_ctl first "start" || { cat "$folder/first/log" >&2; exit 1; }
        as_server env -C / PGOPTIONS='-c synchronous_commit=local' psql -X -q -h "$folder/first" -U hoso -d postgres -c 'CREATE DATABASE hoso'
        as_server env -C / "$bin/pg_basebackup" -h "$folder/first" -U hoso -D "$folder/second/data" -R -X stream -c fast \
            -d "host=$folder/first user=hoso application_name=second"
        as_server tee -a "$folder/second/data/postgresql.conf" >/dev/null <<CONF
unix_socket_directories = '$folder/second'
CONF
        run pg_ctl second "start" || { cat "$folder/second/log" >&2; exit 1; }
        ;;
    fail)
        server=$(head -n 1 "$folder/first/data/postmaster.pid")
        # The server and all that it has started, at once.
        kill -STOP "$server"
        kill -KILL $(ps -o pid= --ppid "$server") "$server"
        as_server "$bin/pg_ctl" -D "$folder/second/data" -w promote >/dev/null
        # It has no standby of its own yet.
        psql_in second "ALTER SYSTEM RESET synchronous_standby_names" || true
        psql_in second "ALTER SYSTEM SET synchronous_standby_names = ''"
        psql_in second "SELECT pg_reload_conf()" >/dev/null
        ;;
    stop)
        for name in first second; do
            [ ! -f "$folder/$name/data/postmaster.pid" ] || as_server "$bin/pg_ctl" -D "$folder/$name/data" -m immediate stop >/dev/null 2>&1 || true
        done
        ;;
esac
