"""What people and schedules call: the command `ganline`, and Prefect flows, which say when the stages run, where, and
how many at once. What must run is DVC's to say.
"""

import os

# Before Prefect is imported; the stages inherit them. Nothing is reported to anyone.
os.environ.update(
    DO_NOT_TRACK="1",
    DVC_NO_ANALYTICS="true",
    MLFLOW_DISABLE_TELEMETRY="true",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
)
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")  # 20 is too few on a busy machine
