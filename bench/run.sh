#!/usr/bin/env bash
# Runs the measurements and rewrites their tables in bench/README.md. Usage: bench/run.sh [map|pipeline|http|sync|resync|memory|identity|log|delivery|feed|api|micro|all]
# Sizes: MAP_RECORDS, PIPELINE_RECORDS, GROWTH_RECORDS, HTTP_RECORDS, FEED_RECORDS, SYNC_RECORDS, RESYNC_RECORDS, MEMORY_SMALL, MEMORY_LARGE, IDENTITY_SMALL, IDENTITY_LARGE, IDENTITY_SEED, IDENTITY_UPSERTS, LOG_ENTRIES, DELIVERIES, API_RECORDS, API_SECONDS, API_STORE (a loaded store that is copied instead of loading one), RUNS. Data and builds go to HUB_BENCH_TMP, or to a temporary folder that is removed.
set -euo pipefail
cd "$(dirname "$0")/.."
part=${1:-all}
map_records=${MAP_RECORDS:-200000}
pipeline_records=${PIPELINE_RECORDS:-100000}
growth_records=${GROWTH_RECORDS:-1000000}
http_records=${HTTP_RECORDS:-100000}
feed_records=${FEED_RECORDS:-100000}
sync_records=${SYNC_RECORDS:-20000}
resync_records=${RESYNC_RECORDS:-1000000}
memory_small=${MEMORY_SMALL:-50000}
memory_large=${MEMORY_LARGE:-1000000}
log_entries=${LOG_ENTRIES:-10000000}
deliveries=${DELIVERIES:-40000}
api_records=${API_RECORDS:-1000000}
api_seconds=${API_SECONDS:-20}
identity_small=${IDENTITY_SMALL:-20000}
identity_large=${IDENTITY_LARGE:-1000000}
identity_seed=${IDENTITY_SEED:-2}
identity_upserts=${IDENTITY_UPSERTS:-10000}
runs=${RUNS:-5}

server=
stop_server() {
  [[ -z $server ]] && return
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}

if [[ -n ${HUB_BENCH_TMP:-} ]]; then
  work=$HUB_BENCH_TMP
  mkdir -p "$work"
  trap stop_server EXIT
else
  work=$(mktemp -d)
  trap 'stop_server; rm -rf "$work"' EXIT
fi

if [[ -z ${HUB_BENCH_NO_BUILD:-} ]]; then
  # Compiled ahead of time, as the hub is shipped: what is measured is the work, not the compiler.
  rid=$(dotnet --info | awk '$1 == "RID:" { print $2 }')
  dotnet publish src/Hub -c Release -r "$rid" --no-self-contained -o "$work/hub" -v quiet --nologo
  rm -rf "$work/hub-self-contained"
  [[ $part != http && $part != all ]] || dotnet publish src/Hub -c Release -r "$rid" --self-contained -o "$work/hub-self-contained" -v quiet --nologo
  dotnet publish bench/Hub -c Release -r "$rid" --no-self-contained -o "$work/bench" -v quiet --nologo
fi
hub=(dotnet "$work/hub/hub.dll")
bench=(dotnet "$work/bench/IntegrationHub.Bench.dll")
commit=$(git rev-parse --short HEAD)$(git diff --quiet HEAD -- src || echo '+')
machine="$(nproc) cores, $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -1), $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), .NET $(dotnet --version)"

# timed NAME COMMAND...: appends "seconds KiB" to the samples of NAME; fails when the command fails.
timed() {
  local name=$1
  shift
  if [[ -x /usr/bin/time ]]; then
    /usr/bin/time -o "$work/time" -f '%e %M' "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
  else
    # Without it: the high-water mark that the kernel keeps while the process lives.
    local start=$EPOCHREALTIME peak=0 now pid
    "$@" >"$work/log" 2>&1 &
    pid=$!
    while now=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [[ -n $now ]]; do
      peak=$now
      sleep 0.05
    done
    wait "$pid" || { cat "$work/log" >&2; return 1; }
    awk -v a="$start" -v b="$EPOCHREALTIME" -v m="$peak" 'BEGIN { print b - a, m }' >"$work/time"
  fi
  cat "$work/time" >>"$work/samples-$name"
}

median() { cut -d' ' -f"$2" "$work/samples-$1" | sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
spread() { cut -d' ' -f1 "$work/samples-$1" | sort -n | awk 'NR == 1 { a = $1 } { b = $1 } END { printf "%.2f to %.2f", a, b }'; }
peak() { cut -d' ' -f2 "$work/samples-$1" | sort -n | awk '{ m = $1 } END { printf "%.0f MiB", m / 1024 }'; }

# row LABEL NAME RECORDS LIMIT: one line of a table; LIMIT is the samples to divide by.
row() {
  awk -v label="$1" -v s="$(median "$2" 1)" -v n="$3" -v l="$(median "$4" 1)" -v range="$(spread "$2")" -v rss="$(peak "$2")" \
    'BEGIN { printf "| %s | %.2f | %s | %d | %.2f | %s |\n", label, s, range, n / s, s / l, rss }'
}

heading='| program | median s | range s | records/s | × limit | peak RSS |
|---|---:|---:|---:|---:|---:|'

# table PART COMMAND: puts standard input between the markers of the part.
table() {
  {
    echo
    echo "Commit $commit, $(date -u +%F). $machine."
    echo
    echo "\`$2\`"
    echo
    cat
    echo
  } >"$work/table"
  awk -v part="$1" -v file="$work/table" '
    $0 == "<!-- " part " -->" { print; while ((getline line < file) > 0) print line; skip = 1 }
    $0 == "<!-- /" part " -->" { skip = 0 }
    !skip && $0 != "<!-- " part " -->" { print }' bench/README.md >"$work/readme"
  cp "$work/readme" bench/README.md
}

generate() { [[ -s $work/$1-$2.jsonl ]] || "${bench[@]}" generate "$1" "$2" "$work/$1-$2.jsonl"; }

# workspace FILE: an empty workspace whose connection 'bench' reads the file.
workspace() {
  rm -rf "$work/space"
  mkdir -p "$work/space"
  printf 'workspace: bench\nconnections:\n  bench: { connector: ocds, config: { path: "%s" } }\n' "$1" >"$work/space/hub.yaml"
}

sync() { timed "$1" "${hub[@]}" sync bench --hub-file "$work/space/hub.yaml" --data "$work/space/data" "${@:2}"; }

run_map() {
  generate wecom "$map_records"
  local in=$work/wecom-$map_records.jsonl
  local map=("${hub[@]}" map bench/map/wecom.yaml --hub-file bench/map/hub.yaml --flat --in "$in" --out "$work/hub.out")
  rm -f "$work"/samples-map-*
  for ((i = 0; i < runs; i++)); do
    timed map-ideal "${bench[@]}" ideal-map "$in" "$work/ideal.out"
    timed map-one "${map[@]}" --threads 1
    timed map-all "${map[@]}"
  done
  "${bench[@]}" same "$work/ideal.out" "$work/hub.out" 10000
  "${bench[@]}" map-in-process "$in" "$work" "$runs" >"$work/map-rows"
  "${bench[@]}" same "$work/in-process-ideal.out" "$work/in-process-hub.out" 10000
  {
    echo "$heading"
    row "hand-written, 1 thread (limit)" map-ideal "$map_records" map-ideal
    row "hub map, 1 thread" map-one "$map_records" map-ideal
    row "hub map, all cores" map-all "$map_records" map-ideal
    echo
    echo '| one thread, in one process | median s | range s | records/s | × limit | × limit, processor time | bytes allocated a record |'
    echo '|---|---:|---:|---:|---:|---:|---:|'
    cat "$work/map-rows"
  } | table map "MAP_RECORDS=$map_records RUNS=$runs bench/run.sh map"
}

run_pipeline() {
  generate wecom "$pipeline_records"
  local in=$work/wecom-$pipeline_records.jsonl
  rm -f "$work"/samples-pipeline-*
  for ((i = 0; i < runs; i++)); do
    rm -rf "$work"/ideal.db* "$work/pipeline"
    timed pipeline-ideal "${bench[@]}" ideal-store "$in" "$work/ideal.db" external_userid
    timed pipeline-hub "${bench[@]}" pipeline "$in" "$work/pipeline"
  done
  du -b "$work/pipeline/hub.db" "$in" | awk 'NR == 1 { a = $1 } NR == 2 { printf "On disk: %.1f × the bytes of the records.\n", a / $1 }' >"$work/pipeline-disk"
  rm -rf "$work/pipeline"
  generate wecom "$growth_records"
  timed pipeline-growth "${bench[@]}" pipeline "$work/wecom-$growth_records.jsonl" "$work/pipeline"
  {
    echo "$heading"
    row "plain store (limit)" pipeline-ideal "$pipeline_records" pipeline-ideal
    row "hub, everything on" pipeline-hub "$pipeline_records" pipeline-ideal
    echo
    cat "$work/pipeline-disk"
    # Of the one larger load; fewer than 200,000 records have no last 100,000 to compare.
    sed -n 's/^rate of \(.*\)/Rate of \1./p' "$work/log"
  } | table pipeline "PIPELINE_RECORDS=$pipeline_records GROWTH_RECORDS=$growth_records RUNS=$runs bench/run.sh pipeline"
  rm -rf "$work/pipeline"
}

# The same contacts, mapping and store as in 'pipeline', from a page server on loopback.
run_http() {
  generate wecom "$http_records"
  local in=$work/wecom-$http_records.jsonl
  rm -f "$work"/samples-http-* "$work/pages"
  [[ -x $work/hub-self-contained/hub ]] || { echo "$work/hub-self-contained has no hub; publish it there with 'dotnet publish src/Hub -c Release -r RID --self-contained', or run without HUB_BENCH_NO_BUILD" >&2; return 1; }
  "${bench[@]}" serve-pages "$in" >"$work/pages" &
  server=$!
  while [[ ! -s $work/pages ]]; do
    kill -0 "$server" || return 1
    sleep 0.1
  done
  export CONTACTS_URL=$(<"$work/pages")
  for ((i = 0; i < runs; i++)); do
    rm -rf "$work"/ideal.db* "$work/http" "$work/pipeline"
    timed http-ideal "${bench[@]}" ideal-http "$CONTACTS_URL" "$work/ideal.db"
    timed http-hub "${hub[@]}" sync contacts --hub-file "$work/bench/pipeline/http.yaml" --data "$work/http"
    grep -q "mapped $http_records " "$work/log" || { cat "$work/log" >&2; return 1; }
    rm -rf "$work/http"
    timed http-self-contained "$work/hub-self-contained/hub" sync contacts --hub-file "$work/bench/pipeline/http.yaml" --data "$work/http"
    grep -q "mapped $http_records " "$work/log" || { cat "$work/log" >&2; return 1; }
    timed http-file "${bench[@]}" pipeline "$in" "$work/pipeline"
  done
  stop_server
  rm -rf "$work/http" "$work/pipeline"
  {
    echo "$heading"
    row "hand-written pipeline (limit)" http-ideal "$http_records" http-ideal
    row "hub sync, declarative connector, everything on" http-hub "$http_records" http-ideal
    row "the same, published self-contained" http-self-contained "$http_records" http-ideal
    row "the load from a file (\`pipeline\`)" http-file "$http_records" http-ideal
  } | table http "HTTP_RECORDS=$http_records RUNS=$runs bench/run.sh http"
}

run_sync() {
  generate ocds "$sync_records"
  local in=$work/ocds-$sync_records.jsonl
  rm -f "$work"/samples-sync-*
  for ((i = 0; i < runs; i++)); do
    rm -f "$work"/ideal.db*
    timed sync-ideal "${bench[@]}" ideal-store "$in" "$work/ideal.db" ocid
    workspace "$in"
    sync sync-hub
  done
  {
    echo "$heading"
    row "plain store (limit)" sync-ideal "$sync_records" sync-ideal
    row "hub sync, first" sync-hub "$sync_records" sync-ideal
  } | table sync "SYNC_RECORDS=$sync_records RUNS=$runs bench/run.sh sync"
}

run_resync() {
  generate wecom "$resync_records"
  local in=$work/wecom-$resync_records.jsonl
  rm -rf "$work/resync"
  rm -f "$work"/samples-resync-*
  "${bench[@]}" pipeline "$in" "$work/resync"
  for ((i = 0; i < runs; i++)); do
    timed resync-parse "${bench[@]}" parse "$in"
    timed resync-hub "${bench[@]}" pipeline "$in" "$work/resync"
  done
  {
    echo "$heading"
    row "parse only (limit)" resync-parse "$resync_records" resync-parse
    row "hub, nothing changed" resync-hub "$resync_records" resync-parse
  } | table resync "RESYNC_RECORDS=$resync_records RUNS=$runs bench/run.sh resync"
  rm -rf "$work/resync"
}

run_memory() {
  rm -f "$work"/samples-memory-*
  for size in "$memory_small" "$memory_large"; do
    generate ocds-small "$size"
    workspace "$work/ocds-small-$size.jsonl"
    sync "memory-$size"
  done
  {
    echo "$heading"
    row "hub sync, $memory_small records" "memory-$memory_small" "$memory_small" "memory-$memory_small"
    row "hub sync, $memory_large records" "memory-$memory_large" "$memory_large" "memory-$memory_small"
  } | table memory "MEMORY_SMALL=$memory_small MEMORY_LARGE=$memory_large bench/run.sh memory"
}

run_identity() {
  {
    echo '| records | precision | recall | F1 (most by the evidence) | B-cubed F1 (most) | mixed of entities | seconds | peak RSS |'
    echo '|---:|---:|---:|---:|---:|---:|---:|---:|'
    for size in "$identity_small" "$identity_large"; do
      [[ -s $work/customers-$size/records.csv ]] || "${bench[@]}" generate-customers "$size" "$identity_seed" "$work/customers-$size"
      "${hub[@]}" identity evaluate --records "$work/customers-$size/records.csv" --truth "$work/customers-$size/truth.csv" --json >"$work/evaluation"
      awk -F'[,:}]' '{ for (i = 1; i < NF; i += 2) { gsub(/[{"]/, "", $i); v[$i] = $(i + 1) }
        printf "| %d | %.5f | %.5f | %.4f (%.4f) | %.4f (%.4f) | %d of %d | %.1f | %.0f MiB |\n", v["records"], v["pairwisePrecision"], v["pairwiseRecall"], v["pairwiseF1"], v["ceilingPairwiseF1"],
          v["bcubedF1"], v["ceilingBcubedF1"], v["mixedClusters"], v["entities"], v["seconds"], v["peakRssMb"] }' "$work/evaluation"
    done
    echo
    echo "In memory, at $identity_large records (\`hub identity evaluate --upserts $identity_upserts\`, then with \`--in-flight 16\`):"
    echo
    for flight in 1 16; do
      "${hub[@]}" identity evaluate --records "$work/customers-$identity_large/records.csv" --truth "$work/customers-$identity_large/truth.csv" --upserts "$identity_upserts" --in-flight "$flight" >"$work/evaluation"
      sed -n '/^upserts/,/^peak/{s/^upserts */- /;s/^ \+/- /;s/^peak memory */- peak memory /;p}' "$work/evaluation"
    done
    echo
    echo 'In the embedded store:'
    echo
    rm -rf "$work/upserts"
    "${bench[@]}" upserts "$work/customers-$identity_large/records.csv" "$work/upserts" "$identity_upserts" | sed 's/^/- /'
    rm -rf "$work/upserts"
  } | table identity "IDENTITY_SMALL=$identity_small IDENTITY_LARGE=$identity_large IDENTITY_SEED=$identity_seed IDENTITY_UPSERTS=$identity_upserts bench/run.sh identity"
}

run_log() {
  rm -rf "$work/log"
  rm -f "$work"/samples-log-*
  "${bench[@]}" log "$log_entries" "$work/log" >"$work/log-rows"
  ls -l "$work/log/hub.db" | awk -v n="$log_entries" '{ printf "| bytes on disk for each entry | %.0f | | |\n", $5 / n }' >>"$work/log-rows"
  rm -rf "$work/log"
  generate wecom "$pipeline_records"
  local in=$work/wecom-$pipeline_records.jsonl
  for ((i = 0; i < runs; i++)); do
    rm -rf "$work/pipeline"
    timed log-off "${bench[@]}" pipeline "$in" "$work/pipeline" without-log
    rm -rf "$work/pipeline"
    timed log-on "${bench[@]}" pipeline "$in" "$work/pipeline"
  done
  {
    echo '| what | result | asked for | user CPU |'
    echo '|---|---:|---:|---:|'
    cat "$work/log-rows"
    echo
    echo "$heading"
    row "first load without the log (limit)" log-off "$pipeline_records" log-off
    row "first load with the log" log-on "$pipeline_records" log-off
  } | table log "LOG_ENTRIES=$log_entries PIPELINE_RECORDS=$pipeline_records RUNS=$runs bench/run.sh log"
}

# The AMQP rows need RabbitMQ with its AMQP 1.0 plugin (bench/rabbitmq.sh); without it they are left out.
run_delivery() {
  rm -rf "$work/delivery" "$work/amqp" "$work/rabbit"
  {
    echo '| what | median | range | of the limit | CPU of each |'
    echo '|---|---:|---:|---:|---:|'
    "${bench[@]}" webhooks "$deliveries" "$runs"
    "${bench[@]}" delivery "$deliveries" "$runs" "$work/delivery"
    if command -v rabbitmq-server >/dev/null; then
      echo
      echo '| AMQP 1.0 to RabbitMQ, durable | median | range | of the limit |'
      echo '|---|---:|---:|---:|'
      bench/rabbitmq.sh start "$work/rabbit" 5690 >&2
      "${bench[@]}" amqp amqp://127.0.0.1:5690 guest guest "$deliveries" "$runs" "$work/amqp" || true
      bench/rabbitmq.sh stop "$work/rabbit" 5690 >&2
    fi
  } | table delivery "DELIVERIES=$deliveries RUNS=$runs bench/run.sh delivery"
}

run_feed() {
  generate wecom "$feed_records"
  rm -rf "$work/feed"
  {
    echo '| what | median | range | of the limit | CPU of each |'
    echo '|---|---:|---:|---:|---:|'
    "${bench[@]}" feed "$work/wecom-$feed_records.jsonl" "$work/feed" "$runs"
  } | table feed "FEED_RECORDS=$feed_records RUNS=$runs bench/run.sh feed"
  rm -rf "$work/feed"
}

run_api() {
  generate wecom "$api_records"
  rm -rf "$work/api"
  if [[ -n ${API_STORE:-} ]]; then
    cp -r "$API_STORE" "$work/api"
    # What is still to be written would stand in the way of the syncs that are measured.
    command sync
  fi
  "${bench[@]}" api "$work/wecom-$api_records.jsonl" "$work/api" "$api_seconds" | table api "API_RECORDS=$api_records API_SECONDS=$api_seconds bench/run.sh api"
  rm -rf "$work/api"
}

run_micro() {
  # Iterations this short end before the runtime has compiled hot code again; without tiers and precompiled code everything is optimised from the start.
  (cd "$work" && DOTNET_TieredCompilation=0 DOTNET_ReadyToRun=0 "${bench[@]}" micro --iterationTime 100 --artifacts "$work/artifacts") >"$work/micro.log"
  # The results tables of BenchmarkDotNet.
  for report in "$work"/artifacts/results/*-report-github.md; do
    basename "$report" -report-github.md | sed 's/.*\.//; s/^/**/; s/$/**/'
    echo
    grep '^|' "$report"
    echo
  done | table micro "bench/run.sh micro"
}

for each in map pipeline http sync resync memory identity log delivery feed api micro; do
  if [[ $part == all || $part == "$each" ]]; then
    "run_$each"
  fi
done
