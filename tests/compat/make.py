#!/usr/bin/env python3
"""Makes the fixture of a release: a database as a company leaves it, by the released binary alone.

    tests/compat/make.py BINARY LEAD_DESK.vpkg NAME    ->  tests/compat/released/NAME.zip

The demo company is filled in, then everything it does not have is added over HTTP: amounts in several currencies and
in none, work in every state, processes standing and ended, a plugin, views, roles with rules, imports, batches.
Run once for a release; the file it made is never changed afterwards.
"""

import json
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

PASSWORD = "correct horse battery"
ADMIN = "admin@example.org"
ORDER = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" targetNamespace="t">
<process id="order" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="check"/>
<userTask id="check" name="Check the order" v:executors="owner" v:mainAction="acknowledge" v:requireMainAction="true"/>
<sequenceFlow id="f2" sourceRef="check" targetRef="wait"/>
<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>P30D</timeDuration></timerEventDefinition></intermediateCatchEvent>
<sequenceFlow id="f3" sourceRef="wait" targetRef="end"/><endEvent id="end"/></process></definitions>"""


class Api:
    def __init__(self, url):
        self.url, self.token = url, None

    def send(self, method, path, body, kind):
        request = urllib.request.Request(self.url + "/api/v1" + path, data=body, method=method)
        if kind:
            request.add_header("content-type", kind)
        request.add_header("authorization", "Bearer " + self.token)
        try:
            with urllib.request.urlopen(request) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")
        return json.loads(text) if text else None

    def post(self, path, body):
        return self.send("POST", path, json.dumps(body).encode(), "application/json")

    def get(self, path):
        return self.send("GET", path, None, None)

    def wait(self, path, states):
        while True:
            found = self.get(path)
            if found["state"] in states:
                return found
            time.sleep(0.1)


def records(api):
    """Amounts of every sort, and activities of the kind `task`."""
    ids = {}
    for n, (amount, currency) in enumerate([("1250.50", "USD"), ("980", "EUR"), ("70000.01", "RUB"), ("31000", "UAH"), ("15", None), (None, "GBP"), (None, None)]):
        fields = {k: v for k, v in {"amount": amount, "currency": currency}.items() if v is not None}
        ids["deal", n] = api.post("/records/deal", {"fields": {"title": f"Deal {n}", **fields}})["id"]
        ids["lead", n] = api.post("/records/lead", {"fields": {"title": f"Lead {n}", "phones": ["+74950001122"], **fields}})["id"]
    for n, (revenue, currency) in enumerate([("5000000", "USD"), ("120000.99", "EUR"), ("77", None)]):
        fields = {"revenue": revenue} | ({"currency": currency} if currency else {})
        ids["company", n] = api.post("/records/company", {"fields": {"title": f"Company {n}", **fields}})["id"]
    deal = ids["deal", 0]
    for n in range(6):
        fields = {"title": f"To do {n}", "kind": "task", "deadline": f"2027-01-0{n + 1}T10:00:00Z", "done": n % 2 == 1, "text": "Call again"}
        if n % 3:
            fields |= {"record_entity": "deal", "record_id": deal}
        ids["activity", n] = api.post("/records/activity", {"fields": fields})["id"]
    api.send("DELETE", f"/records/lead/{ids['lead', 6]}", None, None)
    return ids


def batches(api, ids):
    """A mass edit that stands and one that was undone."""
    rows = {"create": [{"fields": {"title": f"Bulk {n}", "amount": n, "currency": "USD"}} for n in range(5)],
            "update": [{"id": ids["deal", n], "fields": {"probability": 10 * n}} for n in range(4)],
            "delete": [ids["deal", 6]]}
    api.post("/records/deal/bulk", rows)
    undone = api.post("/records/company/bulk", {"update": [{"id": ids["company", n], "fields": {"industry": None, "employees": None, "comments": "x"}} for n in range(3)]})
    api.post(f"/batches/{undone['batch']}/undo", {})


def imports(api):
    """One finished with a refused row, one only uploaded."""
    text = "Title,Phone,Amount,Currency\nImported 1,+7 495 000-11-23,10,USD\nImported 2,+7 495 000-11-24,20,EUR\nImported 3,nonsense,abc,USD\n"
    for start in [True, False]:
        body = b"--x\r\ncontent-disposition: form-data; name=\"entity\"\r\n\r\nlead\r\n--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"leads.csv\"\r\n\r\n" + text.encode() + b"\r\n--x--\r\n"
        made = api.send("POST", "/imports", body, "multipart/form-data; boundary=x")
        if start:
            api.post(f"/imports/{made['id']}/start", {})
            api.wait(f"/imports/{made['id']}", ["done", "finished", "completed", "failed"])


def people(api, ids):
    """Roles with rules, views with filters, a token."""
    own = {"field": "owner", "op": "eq", "value": {"me": True}}
    rows = [{"kind": "permission", "entity": "*", "actions": ["read"]},
            {"kind": "permission", "entity": "deal", "actions": ["update"], "filter": own},
            {"kind": "restriction", "entity": "lead", "actions": ["read"], "filter": {"field": "amount", "op": "lt", "value": 1000000}},
            {"kind": "permission", "entity": "activity", "actions": ["create", "read"], "filter": {"field": "kind", "op": "eq", "value": "task"}}]
    rights = [{"entity": "deal", "field": "amount", "right": "read_only"}, {"entity": "company", "field": "revenue", "right": "hidden"}]
    api.post("/roles", {"key": "clerk", "name": "Clerk", "rows": rows, "field_rights": rights})
    for shared, entity, kind, config in [
        (True, "deal", "list", {"filter": {"and": [{"field": "amount", "op": "gte", "value": 1000}, {"field": "currency", "op": "eq", "value": "USD"}]}, "sort": ["-amount"], "columns": ["title", "amount", "currency"]}),
        (False, "lead", "board", {"filter": {"field": "stage", "op": "eq", "value": "new"}}),
        (False, "activity", "list", {"filter": {"and": [{"field": "kind", "op": "eq", "value": "task"}, {"field": "done", "op": "eq", "value": False}]}})]:
        api.post("/views", {"entity": entity, "name": f"{entity} {kind}", "kind": kind, "shared": shared, "config": config})
    api.send("POST", f"/records/deal/{ids['deal', 0]}/timeline", json.dumps({"text": "A note"}).encode(), "application/json")


def work(api, ids):
    """Tasks by hand in every state, and of processes standing and ended."""
    subject = {"entity": "deal", "id": ids["deal", 0]}
    for n in range(8):
        made = api.post("/tasks", {"title": f"By hand {n}", "description": "In more words", "due": f"2027-02-0{n + 1}T10:00:00Z", "subject": subject if n % 2 else None, "checklist": ["first", "second"] if n % 4 == 3 else [], "remind_before": [3600]})
        path = f"/tasks/{made['id']}"
        if n % 4 == 3:
            api.post(path + "/checklist", {"check": [made["checklist"][0]["id"]]})
        if n in (0, 1):
            api.post(path + "/complete", {"result": {"text": "done"}})
        if n == 2:
            api.post(path + "/cancel", {})
    order = api.send("POST", "/process-definitions?publish=true", ORDER.encode(), "application/xml")
    api.send("POST", "/process-definitions?publish=true", ORDER.replace("P30D", "P60D").encode(), "application/xml")
    for key in ["quote-approval", "lead-qualification"]:
        api.post(f"/process-templates/{key}/deploy?publish=true", {})
    for n in range(6):
        about = {"entity": "deal", "id": ids["deal", n % 4]}
        made = api.post("/process-instances", {"definition": order["key"], "subject": about, "variables": {"n": n}})
        if n < 2:
            continue
        task = api.get(f"/tasks?state=open&instance={made['id']}")["items"][0]
        if n == 5:
            api.post(f"/process-instances/{made['id']}/cancel", {})
            continue
        api.post(f"/tasks/{task['id']}/action", {"kind": "acknowledge"})
        if n == 2:
            continue
        api.post(f"/tasks/{task['id']}/complete", {"variables": {"checked": True}})
    for n in range(2):
        api.post("/process-instances", {"definition": "quote-approval", "subject": {"entity": "deal", "id": ids["deal", n]}, "variables": {}})


def plugin(api, package):
    api.send("POST", "/plugins", package, "application/octet-stream")
    api.post("/plugins/verstak.lead-desk/enable", {"grants": "requested", "settings": {"country": "RU", "follow_up_hours": 24}})
    made = api.post("/records/lead", {"fields": {"title": "Answer me", "phones": ["8 916 123-45-67"]}})
    while not api.get(f"/records/activity?q=&limit=1&sort=-created_at")["items"]:
        time.sleep(0.1)
    return made


def main():
    binary, package, name = sys.argv[1], pathlib.Path(sys.argv[2]).read_bytes(), sys.argv[3]
    with tempfile.TemporaryDirectory() as data:
        place = ["--data", data]
        init = [binary, "init", *place, "--tenant", "Demo", "--admin", ADMIN, "--password-stdin", "--demo"]
        subprocess.run(init, input=PASSWORD.encode(), check=True)
        token = [binary, "token", "create", *place, "--user", ADMIN, "--name", "fixture"]
        token = subprocess.run(token, check=True, capture_output=True, text=True).stdout.split()[-1]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = os.environ | {"VERSTAK__PLUGINS__ALLOW_UNSIGNED": "true", "VERSTAK__HTTP__RATE_PER_SECOND": "0"}
        server = subprocess.Popen([binary, "serve", *place, "--listen", f"127.0.0.1:{port}"], env=environment, stderr=subprocess.DEVNULL)
        api = Api(f"http://127.0.0.1:{port}")
        api.token = token
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        try:
            ids = records(api)
            batches(api, ids)
            imports(api)
            people(api, ids)
            work(api, ids)
            plugin(api, package)
            time.sleep(5)
        finally:
            server.terminate()
            server.wait()
        compact(pathlib.Path(data) / "verstak.db", name)


def compact(file, name):
    """One file without a WAL, without tokens, squeezed."""
    db = sqlite3.connect(file)
    db.execute("DELETE FROM api_token")
    # The history of months ago is half of the file and like that of last week.
    db.execute("DELETE FROM event_log WHERE at < (SELECT max(at) FROM event_log) - 45 * 86400 * 1000000")
    db.commit()
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("VACUUM")
    db.close()
    target = pathlib.Path(__file__).parent / "released" / f"{name}.zip"
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        out.write(file, "verstak.db")
    print(target, target.stat().st_size, "bytes of", file.stat().st_size)


if __name__ == "__main__":
    main()
