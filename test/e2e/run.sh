#!/usr/bin/env bash
# Starts a server of its own on an empty folder, fills it with the
# demonstration estate, and runs the browser tests against it.
#
# Usage: [SLOW=8] test/e2e/run.sh [arguments of node --test]
# SLOW makes the processor of every page that many times slower, which shows
# what passes only by luck; story.test.mjs takes it, too.
# Needs bin/stance (make build) and Chromium (CHROMIUM names another binary).
set -euo pipefail
cd "$(dirname "$0")"

export STANCE_BIN=${STANCE_BIN:-$(cd ../.. && pwd)/bin/stance}
if [[ ! -x $STANCE_BIN ]]; then
  echo "run.sh: $STANCE_BIN is missing; build it with: make build" >&2
  exit 2
fi

work=$(mktemp -d)
"$STANCE_BIN" serve --data "$work/data" --listen 127.0.0.1:0 >"$work/out" 2>"$work/log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

for _ in $(seq 600); do
  link=$(grep -o 'http://[^ ]*/signin#[^ ]*' "$work/out" || true)
  [[ -n $link ]] && break
  if ! kill -0 "$server" 2>/dev/null; then
    echo "run.sh: the server ended before it was ready:" >&2
    cat "$work/log" >&2
    exit 1
  fi
  sleep 0.2
done
if [[ -z ${link:-} ]]; then
  echo "run.sh: the server printed no sign-in link within two minutes:" >&2
  cat "$work/out" "$work/log" >&2
  exit 1
fi

export STANCE_DATA=$work/data STANCE_LINK=$link STANCE_URL=${link%%/signin#*}
"$STANCE_BIN" demo --data "$STANCE_DATA" >"$work/demo" 2>&1 || { cat "$work/demo" >&2; exit 1; }
node --test --test-concurrency=1 "$@" real.test.mjs
