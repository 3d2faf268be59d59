# shellcheck shell=bash
# A private Redis and PostgreSQL in one folder, nothing of the system's touched. Source it after
# common.sh, set `home` to a folder made with mktemp -d, and stop_servers in a trap.
#
# PostgreSQL finds its library and share folders relative to its executable, so it gets an
# installation of its own under $home/root: copies of its programs and links to the rest.
# testing/postgres_server.h does the same for tests.

# Run in front of PostgreSQL's programs, which refuse to run as root.
as_server_user=()
# Set by whoever sources this.
home="${home:-}"

choose_server_user() {
  as_server_user=()
  if [[ "$(id -u)" != 0 ]]; then return; fi
  local user=nobody
  if id postgres >/dev/null 2>&1; then user=postgres; fi
  as_server_user=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
  if "${as_server_user[@]}" true 2>/dev/null; then
    chown "$user" "$home"
  else
    # A sandbox that maps only root: another name for it, in a namespace of its own.
    as_server_user=(unshare --user --map-user=65534 --map-group=65534)
    "${as_server_user[@]}" true 2>/dev/null || die "cannot become another user than root here"
  fi
}

# Links everything in $1 into $2.
link_all() {
  mkdir -p "$2"
  find "$1" -mindepth 1 -maxdepth 1 -exec ln -sf -t "$2" {} +
}

# Makes $home/root, an installation like that of pg_config $1 but without redis_fdw.
make_postgres_root() {
  local pg_config="$1" root="$home/root" bindir pkglibdir sharedir program
  bindir="$("$pg_config" --bindir)"
  pkglibdir="$("$pg_config" --pkglibdir)"
  sharedir="$("$pg_config" --sharedir)"
  [[ -x "$bindir/initdb" ]] || die "$bindir/initdb not found: install the PostgreSQL server"
  (
    umask 022
    mkdir -p "$root$bindir"
    for program in postgres initdb pg_ctl; do cp "$bindir/$program" "$root$bindir/"; done
    link_all "$pkglibdir" "$root$pkglibdir"
    link_all "$sharedir" "$root$sharedir"
    rm "$root$sharedir/extension"
    link_all "$sharedir/extension" "$root$sharedir/extension"
    rm -f "$root$pkglibdir/redis_fdw.so" "$root$sharedir"/extension/redis_fdw*
  )
  postgres_bin="$root$bindir"
}

# Starts the PostgreSQL of make_postgres_root, on a unix socket in $home only.
start_postgres() {
  local ctl=("${as_server_user[@]}" "$postgres_bin/pg_ctl" -D "$home/data" -s)
  # Its programs want a folder that they may enter.
  (
    cd "$home" || exit
    "${as_server_user[@]}" "$postgres_bin/initdb" -D "$home/data" -U postgres -A trust -E UTF8 \
      --locale=C.UTF-8 --no-sync --wal-segsize=1 >"$home/initdb.log" 2>&1 ||
      die "initdb failed: $(tail -n 3 "$home/initdb.log")"
    "${ctl[@]}" -w -l "$home/data/log" -o "-c listen_addresses= -c unix_socket_directories=$home \
      -c fsync=off -c shared_buffers=32MB -c jit=off" start </dev/null ||
      die "PostgreSQL did not start: $(tail -n 3 "$home/data/log")"
  )
}

# Starts Redis on a free port of 127.0.0.1 and sets redis_port.
start_redis() {
  local attempt
  for attempt in 1 2 3 4 5 6 7 8; do
    redis_port=$((20000 + (RANDOM + attempt) % 12000))
    (
      cd "$home" || exit
      redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no \
        --daemonize yes --pidfile "$home/redis.pid" --logfile "$home/redis.log" >/dev/null
    )
    local i
    for ((i = 0; i < 50; i++)); do
      # The pid tells this Redis from another that has the port already.
      if [[ -s "$home/redis.pid" ]] && [[ "$(redis-cli -p "$redis_port" INFO server 2>/dev/null |
        tr -d '\r' | sed -n 's/^process_id://p')" == "$(cat "$home/redis.pid")" ]]; then
        return
      fi
      sleep 0.1
    done
  done
  die "Redis did not start: $(tail -n 3 "$home/redis.log")"
}

# Stops what runs in folder $1 and removes it. Safe to call at any time.
stop_servers() {
  local folder="$1" pid
  for pid in "$folder/redis.pid" "$folder/data/postmaster.pid"; do
    if [[ -s "$pid" ]]; then
      # SIGINT is PostgreSQL's fast shutdown, and Redis heeds it as well.
      kill -INT "$(head -n 1 "$pid")" 2>/dev/null || true
    fi
  done
  local i
  for ((i = 0; i < 100; i++)); do
    if [[ ! -e "$folder/redis.pid" && ! -e "$folder/data/postmaster.pid" ]]; then break; fi
    sleep 0.1
  done
  rm -rf "$folder"
}
