#!/usr/bin/env bash
# A sweep as a Slurm job array: task i of N runs shard i of N; the shards are merged when all have ended.
#
#   cargo build --profile dist --bin squall
#   sbatch --array=1-16 --export=ALL,SEEDS=1..20001 ci/slurm-array.sh
#
# The folder that sbatch is called in must be shared by the nodes. Settings, all optional: SQUALL (the
# binary), SEEDS, SWEEP (the folder of the shards).
#SBATCH --job-name=squall
#SBATCH --cpus-per-task=2
#SBATCH --signal=TERM@60
#SBATCH --output=squall-%A-%a.log
set -euo pipefail

squall=${SQUALL:-target/dist/squall}
seeds=${SEEDS:-1..2001}
array=${SLURM_ARRAY_JOB_ID:?is for Slurm to set: start this with sbatch --array=1-N}
sweep=${SWEEP:-target/squall/slurm-$array}
first=${SLURM_ARRAY_TASK_MIN:-1}
if [ "$first" != 1 ] || [ "$SLURM_ARRAY_TASK_COUNT" != "$SLURM_ARRAY_TASK_MAX" ]; then
    echo "ci/slurm-array.sh: the array must be 1-N without gaps, or shards would be missing" >&2
    exit 2
fi

# The last task to begin leaves the merge behind, to run once every task of the array has ended.
if [ "$SLURM_ARRAY_TASK_ID" = "$SLURM_ARRAY_TASK_MAX" ]; then
    sbatch --job-name=squall-merge --dependency="afterany:$array" --output="squall-$array-merged.log" \
        --wrap "'$squall' merge '$sweep'/shard-* --out '$sweep/merged' --marks --junit '$sweep/squall.xml'"
fi

mkdir -p "$sweep"
shard="$sweep/shard-$SLURM_ARRAY_TASK_ID"
# A task that was requeued begins anew; what it had found is kept.
if [ -e "$shard" ]; then mv "$shard" "$sweep/lost-$SLURM_ARRAY_TASK_ID-$(date +%s)"; fi
code=0
srun "$squall" explore --seeds "$seeds" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_MAX" \
    --jobs "${SLURM_CPUS_PER_TASK:-1}" --out "$shard" || code=$?
# 1 is a violation: the shard did its work, and the merge tells it. One that was stopped says so in sweep.json, and the merge
# refuses it.
[ "$code" -eq 1 ] || exit "$code"
