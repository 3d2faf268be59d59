#!/bin/bash
# Installs the extension into a PostgreSQL:
#
#   bazel run //tools:install -- [--pg_config=PATH] [--destdir=DIR]
#
# --pg_config   the server to install for; default: the one it was built for
# --destdir     put in front of every path, as in `make install DESTDIR=`; for packages
set -euo pipefail

die() {
  printf 'redis_fdw: %s\n' "$*" >&2
  exit 1
}

# A line of the file that says what this was built for.
built_for() { sed -n "s|^$1=||p" "$paths_file"; }

# As the person typed it: `bazel run` changes the folder.
absolute() {
  case "$1" in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "${BUILD_WORKING_DIRECTORY:-$PWD}" "$1" ;;
  esac
}

paths_file=
pg_config=
destdir=
files=()
for arg in "$@"; do
  case "$arg" in
    --paths_file=*) paths_file="${arg#*=}" ;;
    --pg_config=*) pg_config="${arg#*=}" ;;
    --destdir=*) destdir="${arg#*=}" ;;
    --help | -h)
      printf 'usage: bazel run //tools:install -- [--pg_config=PATH] [--destdir=DIR]\n'
      exit 0
      ;;
    -*) die "unknown option $arg (there are --pg_config=PATH and --destdir=DIR)" ;;
    *) files+=("$arg") ;;
  esac
done

pg_config="${pg_config:-$(built_for pg_config)}"
if [[ "$pg_config" == */* ]]; then pg_config="$(absolute "$pg_config")"; fi
command -v "$pg_config" >/dev/null || die "$pg_config is not a program"
if [[ -n "$destdir" ]]; then destdir="$(absolute "$destdir")"; fi

version="$("$pg_config" --version 2>/dev/null || true)"
[[ "$version" == "PostgreSQL "* ]] || die "$pg_config is not a pg_config"
major="$(sed -E 's/^[^0-9]*([0-9]+).*/\1/' <<<"$version")"
built_major="$(built_for major)"
if [[ "$major" != "$built_major" ]]; then
  die "built for PostgreSQL $built_major, but $pg_config is $version;" \
    "build for it: PG_CONFIG=$pg_config bazel run //tools:install -- --pg_config=$pg_config"
fi

install_into() {
  local folder="$destdir$1" mode="$2" file="$3"
  mkdir -p "$folder" 2>/dev/null || die "cannot make $folder (not root?)"
  [[ -w "$folder" ]] || die "cannot write to $folder (not root? --destdir=DIR puts it elsewhere)"
  # A running server may have the old file mapped: replaced in one step, never overwritten.
  local target
  target="$folder/$(basename "$file")"
  install -m "$mode" "$file" "$target.new"
  mv -f "$target.new" "$target"
  printf 'installed %s\n' "$target"
}

[[ "${#files[@]}" -gt 0 ]] || die "nothing to install"
for file in "${files[@]}"; do
  case "$file" in
    *.so) install_into "$("$pg_config" --pkglibdir)" 755 "$file" ;;
    *.control | *.sql) install_into "$("$pg_config" --sharedir)/extension" 644 "$file" ;;
    *) die "what is $file?" ;;
  esac
done
