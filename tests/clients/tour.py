"""A tour of the official Python client over every kind: create, list, watch, patch, delete.

Arguments: path of a kubeconfig, path of a JSON file with `apiVersion/Kind` -> object. Prints `KIND ok` a line.
"""
import json
import sys

from kubernetes import config, dynamic

NAMESPACE = "default"


def main(kubeconfig, samples_file):
    api = dynamic.DynamicClient(config.new_client_from_config(kubeconfig))
    with open(samples_file, encoding="utf-8") as file:
        samples = json.load(file)
    for key, sample in samples.items():
        group_version, kind = key.rsplit("/", 1)
        tour(api.resources.get(api_version=group_version, kind=kind), sample)
        print(f"{key} ok", flush=True)


def tour(resource, sample):
    where = {"namespace": NAMESPACE} if resource.namespaced else {}
    name = sample["metadata"]["name"]
    created = resource.create(body=sample, **where)
    assert created.metadata.uid, "no uid"
    listed = resource.get(**where)
    assert any(item.metadata.name == name for item in listed.items), "not listed"
    patch = {"metadata": {"labels": {"toured": "yes"}}}
    resource.patch(
        body=patch, name=name, content_type="application/merge-patch+json", **where
    )
    assert seen_in_watch(resource, created, where), "the change was not watched"
    assert resource.get(name=name, **where).metadata.labels.toured == "yes"
    resource.delete(name=name, body={"gracePeriodSeconds": 0, "propagationPolicy": "Background"}, **where)


def seen_in_watch(resource, created, where):
    since = created.metadata.resourceVersion
    for event in resource.watch(resource_version=since, timeout=10, **where):
        metadata = event["object"].metadata
        if metadata.name == created.metadata.name and (metadata.labels or {}).get("toured") == "yes":
            return event["type"] == "MODIFIED"
    return False


main(*sys.argv[1:])
