import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["MPLBACKEND"] = "Agg"
# Nothing that a test starts may send usage data or find the user's own servers.
os.environ |= {
    "DVC_NO_ANALYTICS": "true",
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}
for name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "GANLINE_SESSION"):
    os.environ.pop(name, None)
