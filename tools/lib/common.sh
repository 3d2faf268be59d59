# shellcheck shell=bash
# What the scripts in tools/ share. Source it after `set -euo pipefail`; it leaves the caller in the
# root of the workspace.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

# Bazel keeps its cache at home, and a bare container may not say where that is.
if [[ -z "${HOME:-}" ]]; then
  HOME="$(getent passwd "$(id -u)" | cut -d: -f6)"
  if [[ ! -w "$HOME" ]]; then
    HOME="/tmp/redis_fdw_home.$(id -u)"
    mkdir -p "$HOME"
  fi
  export HOME
fi

say() { printf '\n== %s\n' "$*"; }
complain() { printf 'redis_fdw: %s\n' "$*" >&2; }
die() {
  complain "$*"
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# PG_CONFIG, else the one on PATH; as in tools/bazel/pg_config.bzl.
pg_config_path() {
  if [[ -n "${PG_CONFIG:-}" ]]; then
    printf '%s\n' "$PG_CONFIG"
  else
    command -v pg_config || true
  fi
}

# The Bazel configs that suit this machine, one per line.
bazel_configs() {
  # A log wants no moving progress.
  if [[ -n "${CI:-}" ]]; then printf '%s\n' --config=ci; fi
  # Warnings are errors in the compiler that everyone builds with; in others they are news.
  if [[ "$(gcc -dumpversion)" != 12 ]]; then printf '%s\n' --config=lenient; fi
}
