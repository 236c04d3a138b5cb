#!/usr/bin/env bash
# mlflow 3.17.2: two pyfunc models that were logged with code of their own (code_paths), of which both have a module of one name, as two
# commits of one project have. expected: each model runs the code that was logged with it, whichever was loaded before; seen: the second
# one that a process loads runs the first one's code, and nothing warns of it. mlflow puts each model's code first in sys.path, but Python
# imports a name once.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'mlflow==3.17.2'
export MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=1
cd "$work"
for commit in 1 2; do
    mkdir -p "commit-$commit"
    echo "SAYS = 'code of commit $commit'" >"commit-$commit/ours.py"
done
cat >model.py <<'PYTHON'
import mlflow


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[str]) -> list[str]:
        import ours

        return [ours.SAYS for _ in model_input]


mlflow.models.set_model(Model())
PYTHON
cat >log.py <<'PYTHON'
import sys

import mlflow

mlflow.set_tracking_uri("sqlite:///store.db")
with mlflow.start_run():
    print(mlflow.pyfunc.log_model(name="model", python_model="model.py", code_paths=[f"commit-{sys.argv[1]}/ours.py"]).model_uri)
PYTHON
cat >use.py <<'PYTHON'
import sys

import mlflow

mlflow.set_tracking_uri("sqlite:///store.db")
print(*(mlflow.pyfunc.load_model(uri).predict(["x"])[0] for uri in sys.argv[1:]), sep="; ")
PYTHON
python=$work/venv/bin/python
one=$("$python" log.py 1 2>/dev/null | tail -1)
two=$("$python" log.py 2 2>/dev/null | tail -1)
alone=$("$python" use.py "$two" 2>/dev/null)
both=$("$python" use.py "$one" "$two" 2>warned.txt)
echo "the second alone: $alone"
echo "one after the other: $both"
grep -ci 'ours\|code' warned.txt | sed 's/^/lines of warnings that speak of code: /' || true
[ "$alone" = 'code of commit 2' ] && [ "$both" = 'code of commit 1; code of commit 1' ]
