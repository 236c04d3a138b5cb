import pytest

import pipelines  # noqa: F401 - before Prefect: it sets the environment


@pytest.fixture(scope="session")
def prefect_server():
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield
