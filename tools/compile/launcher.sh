#!/bin/sh
# wherry @VERSION@: master, agent and every other command of Wherry in one file. What follows these lines is unpacked
# once, into a folder that is named after its hash; every later start only runs it from there.
set -eu

fail() {
  echo "wherry: $*" >&2
  exit 1
}

self=$(readlink -f "$0")
if [ -n "${WHERRY_CACHE:-}" ]; then
  cache=$WHERRY_CACHE
elif [ "$(id -u)" = 0 ]; then
  cache=/var/cache/wherry
else
  cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/wherry
fi
home=$cache/@ID@

if [ ! -d "$home" ]; then
  umask 022
  mkdir -p "$cache" && new=$(mktemp -d "$cache/new.XXXXXX") ||
    fail "Cannot unpack into $cache: name a folder that can be written to in WHERRY_CACHE"
  trap 'rm -rf "$new"' EXIT
  trap 'exit 1' HUP INT TERM
  tail -c +@OFFSET@ "$self" | tar -xzf - -C "$new" --no-same-owner ||
    fail "Cannot unpack $self into $cache: the file is damaged, or the disk is full"
  [ -f "$new/complete" ] || fail "Cannot unpack $self: the file is cut off"
  chmod 755 "$new"
  sync -f "$new"
  # Whoever is first has it; a second one that unpacked at the same time throws its own away.
  mv -T "$new" "$home" 2>/dev/null || [ -d "$home" ] || fail "Cannot name $home"
  rm -rf "$new"
  trap - EXIT HUP INT TERM
fi
[ -O "$home" ] || fail "$home belongs to somebody else: remove it, or name another folder in WHERRY_CACHE"

# Megabytes of V8's young generation: an agent makes little garbage at a time, a master of thousands of nodes much.
young=${WHERRY_YOUNG_MB:-4}
[ "${1:-}" != agent ] || young=2

export WHERRY_EXECUTABLE="$self" DENO_DIR="$home/cache" DENO_NO_UPDATE_CHECK=1
exec "$home/deno" run --allow-all --quiet --no-config --no-lock --no-remote --no-npm @FLAGS@ \
  "$home/cmd/wherry.js" "$@"
# @END@
