"""Validates Kubernetes objects: `python kubernetes_check.py CRDS VERSION ...`.

Reads a list of objects as JSON from stdin. Objects of Kubernetes are compared with the strict schemas of each
version, those of the Prometheus operator with the files `KIND.VERSION.json` in the folder CRDS: a key that
the schema does not name is an error there too. Prints one line for each error; exits with 1 if there is one.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jsonschema  # type: ignore[import-untyped] # it is installed with kubernetes-validate
import kubernetes_validate  # type: ignore[import-not-found] # it is in .venv-deploy only

OPERATOR: Final = "monitoring.coreos.com/"


def closed(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a structural schema that refuses unknown keys, as `kubectl --validate=strict` does."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        own.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        own["type"] = ["integer", "string"]
    return own


def problems(document: dict[str, Any], crds: Path, versions: list[str]) -> Iterator[str]:
    """Yield what is wrong with an object."""
    api_version, kind = document["apiVersion"], document["kind"]
    if api_version.startswith(OPERATOR):
        schema = json.loads((crds / f"{kind}.{api_version.removeprefix(OPERATOR)}.json").read_text("utf-8"))
        schema["properties"]["metadata"] = {"type": "object"}
        for error in jsonschema.Draft202012Validator(closed(schema)).iter_errors(document):
            yield f"{error.json_path}: {error.message}"
        return
    for version in versions:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}"


def main() -> int:
    """Validate standard input."""
    crds, *versions = sys.argv[1:]
    found = [
        f"{document['kind']} {document['metadata']['name']}: {problem}"
        for document in json.load(sys.stdin)
        for problem in problems(document, Path(crds), versions)
    ]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
