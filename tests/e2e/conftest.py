"""One gateway per Envoy and number of workers, shared by all tests; fair weather before each."""

import json
import os

import pytest

from support import paths
from support.between import Between
from support.credits import Purses, credits_policy
from support.cutting import Cutting
from support.gateway import Gateway, render
from support.ledger import Ledger
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


@pytest.fixture(autouse=True)
def fair_weather(request):
    """No test begins in the weather that another has left."""
    if "sim" in request.fixturenames:
        request.getfixturevalue("sim").reset()


@pytest.fixture(scope="module")
def cutting():
    """A provider of all formats, whose streams are cut."""
    running = Cutting()
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
def gateway(setup, gateways, rules):
    """The gateway of this setup, in fair weather."""
    if setup not in gateways:
        version, workers = setup
        folder = paths.LOGS / f"{version}-{workers}w"
        bootstrap = render(rules, folder)
        gateways[setup] = Gateway(ENVOYS[version], bootstrap, workers, folder)
    return gateways[setup]


@pytest.fixture(scope="session")
def ledger():
    """The ledger of the shared gateways."""
    running = Ledger(paths.LOGS / "ledger")
    yield running
    running.stop()
    running.audit()


@pytest.fixture(scope="session")
def purses(ledger):
    """Tenants that nobody has used yet."""
    return Purses(ledger)


@pytest.fixture(scope="session")
def ledger_line(ledger):
    """The way from the gateways to the ledger."""
    line = Between(ledger.address)
    yield line
    line.stop()


@pytest.fixture
def between(ledger_line):
    """The same, in fair weather."""
    ledger_line.turn("fair")
    ledger_line.log.clear()
    yield ledger_line
    ledger_line.turn("fair")


@pytest.fixture(scope="module")
def credited_gateways():
    """What is running with credits, by setup and settings."""
    running = {}
    yield running
    for gateway in running.values():
        gateway.stop()


@pytest.fixture
def credited(setup, credited_gateways, rules, between):
    """The gateway of this setup with these settings of `credits`, in fair weather."""

    def start(**credits) -> Gateway:
        name = "-".join(f"{key}={json.dumps(value)}" for key, value in credits.items())
        found = credited_gateways.get((setup, name))
        if not found:
            version, workers = setup
            folder = paths.LOGS / f"credits-{len(credited_gateways)}-{version}-{workers}w"
            bootstrap = render(credits_policy(rules, between.url, **credits), folder)
            found = Gateway(ENVOYS[version], bootstrap, workers, folder)
            credited_gateways[setup, name] = found
        return found

    return start


@pytest.fixture
def launch(request):
    """Starts another gateway for one test: `launch(bootstrap)`."""
    started = []

    def start(bootstrap: dict, version: str = NEWEST, workers: int = 1, **envoy) -> Gateway:
        folder = paths.LOGS / request.node.name / str(len(started))
        started.append(Gateway(ENVOYS[version], bootstrap, workers, folder, **envoy))
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
