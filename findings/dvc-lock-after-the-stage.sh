#!/usr/bin/env bash
# dvc 3.67.1: dvc.lock gets the parameters that params.yaml holds when a stage has ended, not those that it began with. A value that is
# changed while a stage runs (as in an editor, for the next run) is locked beside outputs that were made with the old one. expected: the
# lock names the value that was read, or the next `dvc repro` runs the stage again; seen: the lock names the new one, `dvc status` says that
# all is up to date, and the old output stays. What a dependency of the stage holds is recorded in the same way.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'dvc==3.67.1'
export DVC_NO_ANALYTICS=true PATH="$work/venv/bin:$PATH"
mkdir "$work/project"
cd "$work/project"
git init -q
dvc init -q
echo 'rate: 1' >params.yaml
echo 'first' >data.txt
cat >stage.py <<'PYTHON'
import pathlib
import time

made = pathlib.Path("params.yaml").read_text().strip() + ", " + pathlib.Path("data.txt").read_text().strip()
pathlib.Path("begun").touch()
while not pathlib.Path("changed").exists():
    time.sleep(0.05)
pathlib.Path("out.txt").write_text(made)
PYTHON
cat >dvc.yaml <<'YAML'
stages:
  train:
    cmd: python stage.py
    deps: [data.txt, stage.py]
    params: [rate]
    outs: [out.txt]
YAML
dvc repro -q &
until [ -e begun ]; do sleep 0.05; done
echo 'rate: 2' >params.yaml
echo 'second' >data.txt
touch changed
wait $!
echo "made with: $(cat out.txt)"
locked=$(grep -A1 'params.yaml:' dvc.lock | tail -1 | tr -d ' ')
second=$(md5sum data.txt | cut -d' ' -f1)
echo "locked: $locked; the second data is locked: $(grep -c "$second" dvc.lock)"
status=$(dvc status)
echo "status: $status"
again=$(dvc repro 2>&1)
echo "then: $(cat out.txt)"
[ "$(cat out.txt)" = 'rate: 1, first' ] && [ "$locked" = 'rate:2' ] && grep -q "$second" dvc.lock && grep -q 'up to date' <<<"$status"
grep -q "didn't change, skipping" <<<"$again"
