"""The dashboards' JSON files, the panels in them, and what a panel shows of a Prometheus."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import requests
from msgspec import Struct

FOLDER: Final = Path(__file__).parents[2] / "dashboards"
DASHBOARDS: Final = sorted(FOLDER.glob("*.json"))
Json = Mapping[str, Any]
EVERYTHING: Final[Mapping[str, str]] = {
    "cluster": ".*",
    "namespace": ".*",
    "job": ".+",
    "target": ".*",
    "team": ".*",
    "datastore": ".*",
    "instance": ".*",
    "show": "0",
    "failed": "FAILED",
    "completed": "COMPLETED",
    "price": "0.05",
    "database": "none",
    "__rate_interval": "10m",
}
"""The values of the variables where nothing is chosen."""
IDENTITY: Final = ("cluster", "namespace", "job", "target", "instance_id")


def panels(dashboard: Json) -> Iterator[Json]:
    """Yield every panel that shows data."""
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel


def loaded(name: str) -> Json:
    """Return a dashboard by the name of its file."""
    decoded: Json = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return decoded


class Shown(Struct, frozen=True):
    """What a tile shows."""

    text: str
    color: str


class View(Struct, frozen=True):
    """A dashboard on a Prometheus, at a time, with chosen variables."""

    dashboard: Json
    url: str
    time: float
    chosen: Mapping[str, str] = {}

    def panel(self, title: str, kind: str) -> Json:
        """Return a panel by title and type."""
        (found,) = (p for p in panels(self.dashboard) if (p["title"], p["type"]) == (title, kind))
        return found

    def tiles(self) -> Mapping[str, Shown]:
        """Return what every tile shows."""
        return {
            panel["title"]: self.shown(panel) for panel in panels(self.dashboard) if panel["type"] == "stat"
        }

    def tile(self, title: str) -> Shown:
        """Return what a tile shows."""
        return self.shown(self.panel(title, "stat"))

    def shown(self, panel: Json) -> Shown:
        """Return what a tile shows, as Grafana chooses text and colour."""
        found = [(target["refId"], self.ask(target["expr"])) for target in panel["targets"]]
        values = [(letter, result) for letter, results in found for result in results]
        assert len(values) <= 1, f"{panel['title']} has several values"
        if not values:
            return _mapped(panel["fieldConfig"]["defaults"], None)
        ((letter, result),) = values
        return _mapped(_config(panel, letter), float(result["value"][1]))

    def rows(self, title: str) -> Mapping[tuple[str, ...], dict[str, Any]]:
        """Return a table's rows by their identity: labels, and values by the letter of their query."""
        rows: dict[tuple[str, ...], dict[str, Any]] = {}
        for target in self.panel(title, "table")["targets"]:
            for result in self.ask(target["expr"]):
                key = tuple(result["metric"].get(label, "") for label in IDENTITY)
                value = float(result["value"][1])
                row = rows.setdefault(key, {})
                assert target["refId"] not in row, f"two rows of {key}"
                row.update({**result["metric"], target["refId"]: value})
        return rows

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """Return an instant query's result."""
        return self._result("query", expression, time=self.time)

    def ask_range(self, expression: str, start: float, step: float) -> list[dict[str, Any]]:
        """Return a range query's result, up to the view's time."""
        return self._result("query_range", expression, start=start, end=self.time, step=step)

    def _result(self, path: str, expression: str, **arguments: float) -> list[dict[str, Any]]:
        chosen = {**self.chosen, "lost": self._lost()} if "$lost" in expression else self.chosen
        data = {"query": _filled(expression, chosen), **arguments}
        answer = requests.post(f"{self.url}/api/v1/{path}", data=data, timeout=60).json()
        assert answer["status"] == "success", (answer.get("error"), data["query"])
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def _lost(self) -> str:
        """Return the values of the hidden variable, as Grafana fills them in."""
        (variable,) = (one for one in self.dashboard["templating"]["list"] if one["name"] == "lost")
        query = variable["query"]["query"].removeprefix("query_result(").removesuffix(")")
        jobs = (re.sub(r"[][$^*{}+?.()|]", r"\\\\\g<0>", found["metric"]["job"]) for found in self.ask(query))
        return f"({'|'.join(jobs)})"


def _filled(expression: str, chosen: Mapping[str, str]) -> str:
    """Return a query with its variables replaced."""
    values = {**EVERYTHING, **chosen}
    return re.sub(r"\$([a-z_]+)", lambda found: values[found[1]], expression)


def _config(panel: Json, letter: str) -> Json:
    config = dict(panel["fieldConfig"]["defaults"])
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"] == {"id": "byFrameRefID", "options": letter}:
            config |= {each["id"]: each["value"] for each in override["properties"]}
    return config


def _mapped(config: Json, value: float | None) -> Shown:
    color = _color(config, value)
    for mapping in config["mappings"]:
        options = mapping["options"]
        if (result := _matching(mapping["type"], options, value)) is not None:
            return Shown(result["text"], result.get("color", color))
    assert value is not None
    return Shown(f"{value:.10g}", color)


def _matching(kind: str, options: Json, value: float | None) -> Json | None:
    if value is None:
        special: Json | None = options["result"] if kind == "special" else None
        return special
    if kind == "value":
        return next((result for key, result in options.items() if float(key) == value), None)
    if kind == "range" and options["from"] <= value <= (options["to"] or float("inf")):
        found: Json = options["result"]
        return found
    return None


def _color(config: Json, value: float | None) -> str:
    if (chosen := config.get("color") or {}).get("mode") == "fixed":
        return str(chosen["fixedColor"])
    reached = [
        step["color"]
        for step in config["thresholds"]["steps"]
        if step["value"] is None or (value is not None and value >= step["value"])
    ]
    return str(reached[-1])
