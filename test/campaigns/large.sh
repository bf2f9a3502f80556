#!/usr/bin/env bash
# The large runs, one after the other (some hours); their results are kept and summed up in docs/reliability.md.
# `npm run campaign:large -- crash fuzz` runs only those.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
declare -A size=([crash]=1000000 [fuzz]=250000 [powercut]=1000 [syscalls]=600 [isolation]=100000 [processes]=1000 [differential]=1000000)
status=0
for name in "${@:-crash fuzz powercut syscalls isolation processes differential}"; do
  for each in $name; do
    engines=()
    if [ "$each" = differential ]; then engines=(--engines embedded,sqlite,postgres,pglite); fi
    node --import tsx test/campaigns/run.ts "$each" "${engines[@]}" --size "${size[$each]}" --keep || status=1
  done
done
node --import tsx test/campaigns/run.ts report || status=1
exit $status
