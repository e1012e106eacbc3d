"""One gateway per Envoy and number of workers, shared by all tests; fair weather before each."""

import os

import pytest

from support import paths
from support.gateway import Gateway, render
from support.policy import policy
from support.sim import Sim

ENVOYS = paths.envoys()
NEWEST = list(ENVOYS)[-1]
# The newest with most workers comes last, so that the long tail follows its own core tests.
SETUPS = [(version, workers) for version in ENVOYS for workers in (1, 4)]
TAIL = [(NEWEST, 4)]


def pytest_generate_tests(metafunc):
    if "setup" in metafunc.fixturenames:
        core = metafunc.definition.get_closest_marker("core")
        setups = SETUPS if core else TAIL
        ids = [f"{version}-{workers}w" for version, workers in setups]
        metafunc.parametrize("setup", setups, ids=ids, indirect=True, scope="session")


@pytest.fixture(scope="session")
def setup(request):
    """The version of Envoy and its number of workers."""
    return request.param


@pytest.fixture(scope="session")
def sim():
    """The three providers."""
    running = Sim(paths.LOGS)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def rules(sim):
    """The policy of the shared gateways."""
    return policy(sim.openai, sim.anthropic, sim.google)


@pytest.fixture(scope="session")
def gateways():
    """What is running, by setup."""
    running = {}
    yield running
    for gateway in running.values():
        gateway.stop()


@pytest.fixture
def gateway(setup, gateways, rules, sim):
    """The gateway of this setup, in fair weather."""
    if setup not in gateways:
        version, workers = setup
        folder = paths.LOGS / f"{version}-{workers}w"
        bootstrap = render(rules, folder)
        gateways[setup] = Gateway(ENVOYS[version], bootstrap, workers, folder)
    sim.reset()
    return gateways[setup]


@pytest.fixture
def launch(request):
    """Starts another gateway for one test: `launch(bootstrap)`."""
    started = []

    def start(bootstrap: dict, version: str = NEWEST, workers: int = 1) -> Gateway:
        folder = paths.LOGS / request.node.name / str(len(started))
        started.append(Gateway(ENVOYS[version], bootstrap, workers, folder))
        return started[-1]

    yield start
    for gateway in started:
        gateway.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure brings the end of Envoy's log with it."""
    report = (yield).get_result()
    gateway = item.funcargs.get("gateway") if hasattr(item, "funcargs") else None
    if report.failed and gateway is not None:
        where = os.path.relpath(gateway.envoy.log, paths.ROOT)
        report.sections.append((f"end of {where}", gateway.envoy.tail()))
