#!/usr/bin/env bash
# dvc 3.67.1: `dvc --wait-for-lock repro` does not wait for a stage that another `dvc repro` runs. expected: as its help says ("wait for the
# lock if it is already held by another process"), it waits until the other command has ended, and then finds all up to date; seen: it
# fails at once, as without the option, because the files of a running stage are guarded by another lock (.dvc/tmp/rwlock) than the one it
# waits for.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${later:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'dvc==3.67.1'
export DVC_NO_ANALYTICS=true PATH="$work/venv/bin:$PATH"
mkdir "$work/project"
cd "$work/project"
git init -q
dvc init -q
cat >dvc.yaml <<'YAML'
stages:
  train:
    cmd: touch begun && while [ ! -e go ]; do sleep 0.1; done && echo made > out.txt
    outs: [out.txt]
YAML
dvc repro -q &
first=$!
until [ -e begun ]; do sleep 0.05; done
sleep 20 && touch go & # so that a command that waits comes to an end
later=$!
before=$SECONDS
second=0
dvc --wait-for-lock repro >said.txt 2>&1 || second=$?
took=$((SECONDS - before))
still=$([ -e go ] && echo no || echo yes)
touch go
wait $first
echo "the second ended with $second after $took s, while the first still ran: $still"
tail -4 said.txt
echo "the first made: $(cat out.txt)"
[ "$second" -ne 0 ] && [ "$still" = yes ] && [ "$(cat out.txt)" = made ]
