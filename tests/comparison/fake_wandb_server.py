"""A LOCAL STAND-IN of the W&B server, on 127.0.0.1: as much GraphQL as the real ``wandb.Api()`` asks for.

The queries and the shapes of the answers are those of wandb 0.31 and its wandb-core. What it serves are
the runs of :mod:`fake_wandb_api`.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from .fake_wandb_api import FakeRun

API_KEY = "0" * 40


@contextmanager
def serving(*runs: FakeRun) -> Iterator[str]:
    """The address of a server with these runs, all of one project."""

    class Handler(_Handler):
        server_runs = runs

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server_runs: tuple[FakeRun, ...] = ()

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        _, number, name = self.path.split("/", 2)
        files = {file.name: file._sent for file in self.server_runs[int(number)].files()}
        self._answer(files[name])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not body.startswith(b"{"):  # wandb-core sends its telemetry, too
            self._answer(b"{}")
            return
        request = json.loads(body)
        self._answer(json.dumps({"data": self._data(request["query"], request.get("variables"))}).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _data(self, query: str, variables: dict[str, Any] | None) -> dict[str, Any]:
        if "viewer" in query:
            return {
                "viewer": {"id": "1", "entity": "we", "username": "we", "flags": "{}", "teams": {"edges": []}}
            }
        asked = variables or {}
        found = [run for run in self.server_runs if [asked["entity"], asked["project"]] == run.path[:2]]
        if not found:
            return {"project": None}
        if "runs(" in query:
            found.sort(key=lambda run: run.created_at, reverse=asked["order"].startswith("-"))
            nodes = [_run(run) for run in found]
            return {
                "project": {
                    "internalId": "1",
                    "runCount": len(nodes),
                    "readOnly": False,
                    "runs": _page(nodes),
                }
            }
        run_id = asked.get("name") or asked.get("runName") or asked.get("run")
        run = next((run for run in found if run.id == run_id), None)
        return {"project": {"internalId": "1", "run": run and self._node(run, query, asked)}}

    def _node(self, run: FakeRun, query: str, asked: dict[str, Any]) -> dict[str, Any]:
        if "parquetHistory" in query:
            return {"parquetHistory": {"parquetUrls": [], "liveData": []}}
        if "sampledHistory" in query:
            spec = json.loads(asked["spec"])
            within = _rows(run, spec["minStep"], spec["maxStep"] + 1)  # wandb-core asks for the last one, too
            rows = [row for row in within if set(spec["keys"]) <= set(row)]
            return {"sampledHistory": [[{key: row[key] for key in spec["keys"]} for row in rows]]}
        if "history(" in query:
            rows = _rows(run, asked["minStep"], asked["maxStep"])
            return {"history": [json.dumps(row) for row in rows]}
        if "files(" in query:
            place = f"http://{self.headers['Host']}/{self.server_runs.index(run)}"
            nodes = [
                {"id": file.name, "name": file.name, "url": f"{place}/{file.name}", "sizeBytes": file.size}
                | {"directUrl": "", "mimetype": file.mimetype, "updatedAt": file.updated_at, "md5": ""}
                for file in run.files()
            ]
            return {"fileCount": len(nodes), "files": _page(nodes)}
        return _run(run)


def _run(run: FakeRun) -> dict[str, Any]:
    config = json.dumps({key: {"desc": None, "value": value} for key, value in run.config.items()})
    summary = json.dumps({key: run.summary[key] for key in run.summary.keys()})  # noqa: SIM118 - no dictionary
    last = max((row["_step"] for row in run._history), default=-1)
    return {
        "id": f"Run:{run.id}",
        "projectId": "1",
        "name": run.id,
        "displayName": run.name,
        "state": run.state,
        "createdAt": run.created_at,
        "config": config,
        "summaryMetrics": summary,
        "systemMetrics": "{}",
        "historyKeys": {"lastStep": last, "keys": {}},
        "user": {"name": "we", "username": "we"},
        **dict.fromkeys(("tags", "sweepName", "group", "jobType", "commit", "readOnly", "heartbeatAt"), None),
        **dict.fromkeys(("description", "notes", "historyLineCount"), None),
    }


def _rows(run: FakeRun, low: int, high: int) -> list[dict[str, Any]]:
    return [row for row in run._history if low <= row["_step"] < high]


def _page(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    edges = [{"node": node, "cursor": str(index)} for index, node in enumerate(nodes)]
    return {"edges": edges, "pageInfo": {"endCursor": None, "hasNextPage": False}}
