#!/usr/bin/env bash
# The large runs, one after the other (some hours); their results are kept and summed up in docs/reliability.md.
# `npm run campaign:large -- crash fuzz` runs only those.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
declare -A size=([crash]=1000000 [fuzz]=250000 [powercut]=1000 [syscalls]=600 [isolation]=100000 [processes]=1000 [differential]=1000000)
status=0
for name in "${@:-crash fuzz powercut syscalls isolation processes differential sencillo}"; do
  for each in $name; do
    if [ "$each" = sencillo ]; then
      TENON_SENCILLO_CRASHES=150 npx vitest run test/sencillo/crash.test.ts || status=1
      continue
    fi
    engines=() under=()
    if [ "$each" = differential ]; then
      engines=(--engines embedded,sqlite,postgres,pglite --workers "$(nproc)")
      # What it holds is thrown away: no disk needs to see it. Its answers are short-lived, and the young generation too small.
      under=(NODE_OPTIONS=--max-semi-space-size=64)
      if [ -w /dev/shm ]; then under+=(TMPDIR=/dev/shm); fi
    fi
    env "${under[@]}" node --import tsx test/campaigns/run.ts "$each" "${engines[@]}" --size "${size[$each]}" --keep || status=1
  done
done
node --import tsx test/campaigns/run.ts report || status=1
exit $status
