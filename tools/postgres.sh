#!/usr/bin/env bash
# A throw-away PostgreSQL for tests, from the installed package; no cluster of the system is touched.
#
#   tools/postgres.sh start DIR [durable]   make DIR if it is new, start on a free port, print URL=postgresql+psycopg://...
#   tools/postgres.sh run DIR [durable]     start, print the URL, wait for the end of standard input, drop: for a test that
#                                           holds a pipe to it, so that nothing is left even when the tests are killed
#   tools/postgres.sh url DIR               print it again
#   tools/postgres.sh kill DIR              SIGKILL to the server and its children (crash tests; `start` recovers)
#   tools/postgres.sh stop DIR              stop, keep the files
#   tools/postgres.sh drop DIR              stop at once and remove DIR
#
# DIR must not exist, be empty, or be one that this script made, and lie below a folder that every user may enter: as root
# the server runs as user "postgres" (PGTEST_USER changes it), as anybody else it runs as that user.
# Without "durable" nothing is synced to disk: right for tests of logic, wrong for crash and durability tests.
# Exit code 77: PostgreSQL is not installed.
# Environment: PG_BIN (else the newest /usr/lib/postgresql/*/bin, else PATH), PG_START_TIMEOUT (seconds, 30).
set -euo pipefail
case ${1:-} in
run | start | url | kill | stop | drop) ;;
*) sed -n '4,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
action=$1 dir=${2:?a directory} mode=${3:-fast}

bin=${PG_BIN:-$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)}
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")
[ -x "$bin/initdb" ] || { echo "PostgreSQL is not installed (Debian, Ubuntu: apt-get install postgresql)" >&2; exit 77; }

user=$(id -un)
[ "$(id -u)" != 0 ] || user=${PGTEST_USER:-postgres}

as_user() { # from a folder that the user may enter, and without the caller's locale
    cd /
    if [ "$(id -un)" = "$user" ]; then
        LC_ALL=C.UTF-8 "$@"
    else
        setpriv --reuid "$user" --regid "$(id -gn "$user")" --init-groups env LC_ALL=C.UTF-8 HOME=/ "$@"
    fi
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
print_url() { echo "URL=postgresql+psycopg://postgres@127.0.0.1:$(cat "$dir/port")/postgres"; }

create() {
    [ ! -e "$dir" ] || [ -z "$(ls -A "$dir")" ] || { echo "$dir is not empty" >&2; exit 2; }
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown "$user" "$dir"
    chmod 755 "$dir"
    (as_user "$bin/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync) >"$dir/initdb.log" 2>&1 \
        || { cat "$dir/initdb.log" >&2; exit 1; }
}

start() {
    # pg_isready and not `pg_ctl status`: after SIGKILL the dead server stays a zombie for a moment and counts as running there
    if [ -e "$dir/data/postmaster.pid" ] && "$bin/pg_isready" -q -h 127.0.0.1 -p "$(cat "$dir/port")"; then
        print_url
        return
    fi
    [ -e "$dir/data/PG_VERSION" ] || create
    local options="-c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c max_connections=200 -c shared_buffers=64MB"
    options="$options -c log_min_duration_statement=1000 -c timezone=UTC"
    [ "$mode" = durable ] \
        || options="$options -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c max_wal_size=256MB"
    for _ in 1 2 3 4 5; do # the port can be taken meanwhile; after a kill old children may still hold the memory
        free_port >"$dir/port"
        if (as_user "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t "${PG_START_TIMEOUT:-30}" \
            -o "-p $(cat "$dir/port") $options" start) >"$dir/pg_ctl.log" 2>&1; then
            print_url
            return
        fi
        sleep 0.5
    done
    echo "PostgreSQL did not start:" >&2
    tail -n 20 "$dir/pg_ctl.log" "$dir/server.log" >&2
    exit 1
}

drop() {
    (as_user "$bin/pg_ctl" -D "$dir/data" -m immediate -w -t 10 stop) >/dev/null 2>&1 || true
    [ ! -e "$dir/data/PG_VERSION" ] || rm -rf "$dir"
}

run() {
    # a flag instead of `exit` in the trap: the end of the pipe and SIGTERM may come together
    local stop=
    trap 'stop=1' TERM
    trap '' INT
    bash "$0" start "$dir" "$mode" || { local code=$?; drop; exit "$code"; }
    while [ -z "$stop" ] && read -r _; do :; done
    drop
}

kill_all() {
    local pids pid
    pid=$(head -n 1 "$dir/data/postmaster.pid")
    pids="$pid $(ps -o pid= --ppid "$pid" 2>/dev/null || true)"
    # shellcheck disable=SC2086 # a list of numbers
    kill -9 $pids 2>/dev/null || true
    for _ in $(seq 50); do
        # shellcheck disable=SC2086
        kill -0 $pids 2>/dev/null || break
        sleep 0.1
    done
}

case $action in
run) run ;;
start) start ;;
url) print_url ;;
kill) kill_all ;;
stop) (as_user "$bin/pg_ctl" -D "$dir/data" -m fast -w -t 20 stop) >/dev/null ;;
drop) drop ;;
esac
