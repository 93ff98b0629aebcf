#!/usr/bin/env bash
# A throw-away RabbitMQ (Debian's rabbitmq-server) with its AMQP 1.0 plugin on the loopback address: rabbitmq.sh start|stop FOLDER PORT. User and password: guest.
set -euo pipefail
folder=$(mkdir -p "${2:?usage: rabbitmq.sh start|stop FOLDER PORT}" && cd "$2" && pwd)
port=${3:?usage: rabbitmq.sh start|stop FOLDER PORT}
programs=$(echo /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin)
export HOME=$folder ERL_EPMD_PORT=$((port + 1)) ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_NODENAME=bench-$port@localhost RABBITMQ_DIST_PORT=$((port + 2)) RABBITMQ_MNESIA_BASE=$folder/data RABBITMQ_LOGS=- RABBITMQ_LOG_BASE=$folder/log
export RABBITMQ_PID_FILE=$folder/pid RABBITMQ_CONFIG_FILE=$folder/rabbitmq.conf RABBITMQ_CONF_ENV_FILE=$folder/env RABBITMQ_ENABLED_PLUGINS_FILE=$folder/plugins
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
case $1 in
  start)
    : >"$folder/env"
    echo '[rabbitmq_amqp1_0].' >"$folder/plugins"
    printf 'listeners.tcp.1 = 127.0.0.1:%s\ndisk_free_limit.absolute = 50MB\n' "$port" >"$folder/rabbitmq.conf"
    epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 -relaxed_command_check >"$folder/registry.log" 2>&1 &
    echo $! >"$folder/registry.pid"
    "$programs/rabbitmq-server" >"$folder/server.log" 2>&1 &
    for ((i = 0; i < 120; i++)); do
      grep -q 'Server startup complete' "$folder/server.log" 2>/dev/null && exit 0
      sleep 1
    done
    cat "$folder/server.log" >&2
    exit 1
    ;;
  stop)
    kill -9 "$(cat "$folder/pid")"
    kill "$(cat "$folder/registry.pid")"
    ;;
  *)
    echo 'usage: rabbitmq.sh start|stop FOLDER PORT' >&2
    exit 2
    ;;
esac
