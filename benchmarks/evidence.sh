#!/usr/bin/env bash
# Everything in docs/results/evidence.md, into FOLDER (default: evidence): ADAPT, decay, GEN-ENV, GEN-TASK, links against the truth.
#     bash benchmarks/evidence.sh [FOLDER] [--quick]
# Interrupted, the same command goes on. How long it takes as a whole is unmeasured; the quick size takes hours on two cores.
set -euo pipefail
out=${1:-evidence}; size=${2:-}
[[ $out != --* ]] || { size=$out; out=evidence; }
mkdir -p "$out"
for experiment in bundled decay paper-gen-env paper-gen-task; do
    clin batch "$experiment" $size --db "$out/$experiment.db"
    clin report --db "$out/$experiment.db" > "$out/$experiment.md"
done
for world in causal textworldexpress; do
    clin report --db "$out/decay.db" --world "$world" --svg "$out/decay-$world.svg" > "$out/decay-$world.md"
done
python "$(dirname "$0")/evidence.py" ${size:+--rules 3} > "$out/links.md"
echo "$out: $(ls "$out" | tr '\n' ' ')"
