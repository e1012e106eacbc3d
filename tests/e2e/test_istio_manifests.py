"""The manifests of `envoy/istio`: what render writes there, and the pods of its README."""

import copy
import json
import re
import subprocess

import pytest
import yaml

from support import paths

FOLDER = paths.ROOT / "envoy/istio"
README = (FOLDER / "README.md").read_text()
# Which of the README's pods is for which of the files.
PODS = {"sidecar": ["shop", "shop-before-image-volumes"], "gateway": ["istio-egressgateway"]}
MOUNTS = "sidecar.istio.io/userVolumeMount"


def schema_problems(objects: list[dict]) -> list[str]:
    """What the schemas of these objects say against them."""
    command = ["node", paths.ROOT / "tests/e2e/node/manifests.mjs", paths.NODE_MODULES]
    ours = json.dumps(objects)
    done = subprocess.run(command, input=ours, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [problem for problem in json.loads(done.stdout) if problem]


@pytest.mark.parametrize("name", PODS)
def test_the_reference_is_as_its_schemas_ask(name):
    text = (FOLDER / f"{name}.yaml").read_text()
    assert schema_problems(list(yaml.safe_load_all(text))) == []
    misspelt = text.replace("operation: MERGE", "operation: MARGE").replace("hosts:", "hotss:")
    assert len(schema_problems(list(yaml.safe_load_all(misspelt)))) >= 2


def deployments() -> dict[str, dict]:
    """The pods of the README, by name."""
    blocks = re.findall(r"^ *```yaml\n(.*?)^ *```", README, re.M | re.S)
    objects = [own for block in blocks for own in yaml.safe_load_all(block)]
    pods = [own for own in objects if own.get("kind") == "Deployment"]
    assert pods
    return {own["metadata"]["name"]: own for own in pods}


def injected(deployment: dict) -> dict:
    """The pod as Istio's injector leaves it, as far as volumes go."""
    template = copy.deepcopy(deployment["spec"]["template"])
    spec, annotations = template["spec"], template["metadata"]["annotations"]
    proxy = next((own for own in spec["containers"] if own["name"] == "istio-proxy"), None)
    if proxy is None:
        mounts = json.loads(annotations[MOUNTS])
        proxy = {"name": "istio-proxy", "image": "auto", "volumeMounts": [
            {"name": name, **mount} for name, mount in mounts.items()
        ]}
        spec["containers"].append(proxy)
    spec["volumes"].append({
        "name": "custom-bootstrap-volume",
        "configMap": {"name": annotations["sidecar.istio.io/bootstrapOverride"]},
    })
    path = "/etc/istio/custom-bootstrap"
    proxy["volumeMounts"].append({"name": "custom-bootstrap-volume", "mountPath": path})
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "injected"}, "spec": spec}


def test_every_pod_is_for_a_file():
    assert sorted(deployments()) == sorted(name for names in PODS.values() for name in names)


@pytest.mark.parametrize(("file", "name"), [(f, n) for f, names in PODS.items() for n in names])
def test_a_pod_brings_what_its_file_names(file, name):
    """What Envoy would look for in vain, or Kubernetes refuse."""
    deployment = deployments()[name]
    pod = injected(deployment)
    assert schema_problems([deployment, pod]) == []
    wrong = json.dumps(deployment).replace('"selector":', '"selektor":')
    assert schema_problems([json.loads(wrong)])

    objects = list(yaml.safe_load_all((FOLDER / f"{file}.yaml").read_text()))
    template = deployment["spec"]["template"]
    labels = template["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    [patches] = [own for own in objects if own["kind"] == "EnvoyFilter"]
    assert patches["spec"]["workloadSelector"]["labels"].items() <= labels.items()
    assert deployment["metadata"]["namespace"] == patches["metadata"]["namespace"]

    # What a template mounts it declares: Kubernetes looks at it before Istio does.
    volumes = {own["name"] for own in template["spec"]["volumes"]}
    first = template["spec"].get("initContainers", [])
    for container in [*first, *template["spec"]["containers"]]:
        assert {own["name"] for own in container.get("volumeMounts", [])} <= volumes
    # A proxy that is one of the init containers starts before the others.
    native = template["metadata"]["annotations"].get("sidecar.istio.io/nativeSidecar")
    assert not first or native == "false"

    [proxy] = [own for own in pod["spec"]["containers"] if own["name"] == "istio-proxy"]
    volumes = {own["name"]: own for own in pod["spec"]["volumes"]}
    mounted = {own["mountPath"]: volumes[own["name"]] for own in proxy["volumeMounts"]}
    maps = {own["metadata"]["name"]: own for own in objects if own["kind"] == "ConfigMap"}
    assert mounted["/etc/istio/custom-bootstrap"]["configMap"]["name"] in maps
    named = set(re.findall(r"/etc/tradewind/[\w./-]+", json.dumps(objects)))
    assert named
    for path in named - mounted.keys():
        folder, _, base = path.rpartition("/")
        volume = mounted[folder]
        if "configMap" in volume:
            assert base in maps[volume["configMap"]["name"]]["data"], path
        elif "secret" in volume:
            made = f"create secret generic {volume['secret']['secretName']} "
            assert made in README and f"--from-literal={base}=" in README, path
        else:
            assert base == "tradewind.wasm" and ("image" in volume or first), path
